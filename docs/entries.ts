// A plugin for two things that typedoc does not do by itself: a module is called as users import it
// (`@wardstone/tokens/http`), and a `{@link Name}` finds what another package exports.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Converter, ReflectionKind, type Application, type Reflection } from 'typedoc'

/** Called by typedoc. */
export function load(app: Application): void {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const file = project.getSymbolIdFromReflection(module)?.fileName
      if (file !== undefined) module.name = importedAs(file)
    }
  })
  const afterItsOwn = -1000
  app.converter.on(
    Converter.EVENT_RESOLVE_END,
    ({ project }) => {
      const exported = new Map<string, Reflection>()
      for (const reflection of project.getReflectionsByKind(ReflectionKind.SomeExport)) {
        if (!reflection.kindOf(ReflectionKind.Reference)) exported.set(reflection.name, reflection)
      }
      for (const { comment } of Object.values(project.reflections)) {
        for (const part of comment === undefined
          ? []
          : [comment.summary, ...comment.blockTags.map((tag) => tag.content)].flat()) {
          if (part.kind !== 'inline-tag' || part.target !== undefined) continue
          const target = exported.get(part.text)
          if (target !== undefined) part.target = target
        }
      }
    },
    afterItsOwn,
  )
}

function importedAs(file: string): string {
  const dir = join(dirname(file), '..')
  const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as {
    name: string
    exports: Record<string, string>
  }
  const entry = Object.entries(manifest.exports).find(([, source]) => join(dir, source) === file)
  return join(manifest.name, entry?.[0] ?? file)
}
