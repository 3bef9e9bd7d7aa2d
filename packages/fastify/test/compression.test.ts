import compress from '@fastify/compress'
import { compression } from '@wardstone/fastify'
import { compressionTests } from '../../http/test/compression-kit.ts'
import { fastifyHostWith } from './host.ts'

compressionTests(fastifyHostWith(compression(compress)))
