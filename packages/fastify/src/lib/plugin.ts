import type { FastifyInstance, FastifyPluginCallback } from 'fastify'

/** A plugin that acts on the instance where it is registered, not on a child of it. */
export function plugin(name: string, act: (instance: FastifyInstance) => void): FastifyPluginCallback {
  const made: FastifyPluginCallback = (instance, _options, done) => {
    act(instance)
    done()
  }
  return Object.assign(made, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: name,
    [Symbol.for('plugin-meta')]: { name, fastify: '5.x' },
  })
}
