// Reads from the code what users meet by name: codes of errors, refusals, problems and warnings, and security events. What
// each means stands in its doc comment: of the class, or in the list of the union that spells the code (- `code`: meaning).
import { join } from 'node:path'
import ts from 'typescript'
import { entryPaths, packages, type Package } from './workspace.ts'

/** A code, what it means, the class or type that declares it and the package that exports that. */
export interface Code {
  readonly code: string
  readonly meaning: string
  readonly source: string
  readonly from: string
}

/** A type that lists codes, and its purpose. */
export interface Union {
  readonly about: string
  readonly codes: readonly Code[]
}

/** An event, with the severities that it is reported with and the members of its `data`. */
export interface Event extends Code {
  readonly severities: readonly string[]
  readonly data: readonly string[]
}

/** Everything that users meet by name. */
export interface Vocabulary {
  readonly thrown: readonly Code[]
  readonly refusals: readonly Union[]
  readonly problems: readonly Code[]
  readonly warnings: readonly Code[]
  readonly events: readonly Event[]
  /** What is wrong with it: codes without a meaning, that nothing says, or that nothing declares. */
  readonly wrong: readonly string[]
}

const SEVERITIES = ['info', 'warn', 'critical']

/** Reads the packages below the current folder. */
export function readVocabulary(): Vocabulary {
  const published = packages.filter(({ manifest }) => manifest.name !== '@wardstone/testkit')
  const entries = published.flatMap(({ dir, manifest }) => Object.values(manifest.exports).map((file) => join(dir, file)))
  const program = ts.createProgram(entries, {
    strict: true,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2024.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    noEmit: true,
    paths: entryPaths(),
  })
  const checker = program.getTypeChecker()
  const sources = program.getSourceFiles().filter(({ fileName }) => /^packages\/[^/]+\/src\//.test(relative(fileName)))
  const wrong: string[] = []
  const used = readUses(sources, checker, wrong)
  const exported = published.flatMap(exportsOf)

  const unions = (suffix: string): Union[] =>
    exported.filter(({ symbol }) => symbol.name.endsWith(suffix)).map(({ symbol, from }) => unionOf(symbol, from))
  const vocabulary = {
    thrown: exported.flatMap(({ symbol, from }) => thrownBy(symbol, from)),
    refusals: unions('Refusal').filter(({ codes }) => codes.length > 0),
    problems: unions('ProblemCode').flatMap(({ codes }) => codes),
    warnings: unions('WarningCode').flatMap(({ codes }) => codes),
    events: exported.flatMap(({ symbol, from }) => eventsOf(symbol, from)),
  }
  const { thrown, refusals, problems, warnings, events } = vocabulary
  const declared = [...thrown, ...refusals.flatMap(({ codes }) => codes), ...problems, ...warnings, ...events]
  for (const { code, meaning, source } of declared) {
    if (meaning === '') wrong.push(`${source} does not say what ${code} means`)
    if (!used.texts.has(code)) wrong.push(`${source} declares ${code}, which nothing says`)
  }
  for (const { code, severities } of events) {
    if (severities.length === 0) wrong.push(`${code} is reported nowhere with a severity`)
  }
  const known = new Set(declared.map(({ code }) => code))
  for (const [code, place] of used.answered)
    if (!known.has(code)) wrong.push(`${place} answers with ${code}, which no type declares`)
  return { ...vocabulary, wrong: [...new Set(wrong)].sort() }

  /** What a package exports and declares itself. */
  function exportsOf({ dir, manifest }: Package): { readonly symbol: ts.Symbol; readonly from: string }[] {
    const found = new Map<ts.Symbol, string>()
    for (const [entry, file] of Object.entries(manifest.exports)) {
      const source = program.getSourceFile(join(dir, file))
      const module = source && checker.getSymbolAtLocation(source)
      for (const symbol of module === undefined ? [] : checker.getExportsOfModule(module)) {
        const original = aliased(symbol)
        const place = relative(original.declarations?.[0]?.getSourceFile().fileName ?? '')
        if (place.startsWith(`${dir}/`) && !found.has(original)) found.set(original, join(manifest.name, entry))
      }
    }
    return [...found].map(([symbol, from]) => ({ symbol, from }))
  }

  function unionOf(symbol: ts.Symbol, from: string): Union {
    const meanings = meaningsOf(symbol)
    const codes = literals(checker.getDeclaredTypeOfSymbol(symbol))
    return {
      about: firstSentence(docOf(symbol)),
      codes: codes.map((code) => ({ code, meaning: meanings.get(code) ?? '', source: symbol.name, from })),
    }
  }

  /** The list in the comment of a type, and in those of the types that it is made of. */
  function meaningsOf(symbol: ts.Symbol): Map<string, string> {
    const found = new Map<string, string>()
    for (const declaration of symbol.declarations ?? []) {
      visit(declaration, (node) => {
        const part = ts.isTypeReferenceNode(node) ? checker.getSymbolAtLocation(node.typeName) : undefined
        if (part === undefined || aliased(part) === symbol) return
        for (const [code, meaning] of meaningsOf(aliased(part))) found.set(code, meaning)
      })
    }
    for (const [, code = '', meaning = ''] of docOf(symbol).matchAll(/^- `(\w+)`: (.+(?:\n +.+)*)/gm))
      found.set(code, oneLine(meaning))
    return found
  }

  function thrownBy(symbol: ts.Symbol, from: string): Code[] {
    if (!(symbol.flags & ts.SymbolFlags.Class)) return []
    const type = checker.getDeclaredTypeOfSymbol(symbol)
    const member = type.getProperty('code')
    // What runs in browsers has no base in common with the rest.
    if (member === undefined || !ancestors(type).some((name) => name === 'WardstoneError' || name === 'Error')) return []
    const code = checker.getTypeOfSymbol(member)
    const meanings = code.aliasSymbol && meaningsOf(code.aliasSymbol)
    const about = firstSentence(docOf(symbol))
    return literals(code).map((text) => ({ code: text, meaning: meanings?.get(text) ?? about, source: symbol.name, from }))
  }

  function ancestors(type: ts.Type): string[] {
    return (type.getBaseTypes() ?? []).flatMap((base) => [base.symbol.name, ...ancestors(base)])
  }

  /** The events of an alias of `SecurityEvent<names, data>`. */
  function eventsOf(symbol: ts.Symbol, from: string): Event[] {
    const node = symbol.declarations?.find((declaration) => ts.isTypeAliasDeclaration(declaration))?.type
    if (node === undefined || !ts.isTypeReferenceNode(node) || node.typeName.getText() !== 'SecurityEvent') return []
    const [names, data] = node.typeArguments ?? []
    const meanings = meaningsOf(symbol)
    const about = firstSentence(docOf(symbol))
    return literals(names && checker.getTypeFromTypeNode(names)).map((code) => ({
      code,
      meaning: meanings.get(code) ?? about,
      source: symbol.name,
      from,
      severities: SEVERITIES.filter((severity) => used.severities.get(code)?.has(severity)),
      data: data === undefined ? [] : membersOf(checker.getTypeFromTypeNode(data)),
    }))
  }

  function membersOf(type: ts.Type): string[] {
    return type.getProperties().map((member) => {
      const optional = member.flags & ts.SymbolFlags.Optional ? '?' : ''
      const of = checker.getNonNullableType(checker.getTypeOfSymbol(member))
      const texts = literals(of).map((text) => `'${text}'`)
      const text = texts.length > 0 ? texts.join(' | ') : checker.typeToString(of, undefined, ts.TypeFormatFlags.NoTruncation)
      return `${member.name}${optional}: ${text.replaceAll('"', "'").replaceAll(' | undefined', '')}`
    })
  }

  function aliased(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  }

  function docOf(symbol: ts.Symbol): string {
    return ts.displayPartsToString(symbol.getDocumentationComment(checker))
  }
}

interface Uses {
  /** Every text that stands in an expression. */
  readonly texts: ReadonlySet<string>
  /** The codes of problem documents, with the place that writes them. */
  readonly answered: ReadonlyMap<string, string>
  /** The severities of a text that stands beside one: `name` and `severity` of an object, or two arguments. */
  readonly severities: ReadonlyMap<string, ReadonlySet<string>>
}

function readUses(sources: readonly ts.SourceFile[], checker: ts.TypeChecker, wrong: string[]): Uses {
  const texts = new Set<string>()
  const answered = new Map<string, string>()
  const severities = new Map<string, Set<string>>()
  for (const source of sources) {
    visit(source, (node) => {
      if (ts.isStringLiteral(node) && !ts.isLiteralTypeNode(node.parent)) texts.add(node.text)
      if (ts.isObjectLiteralExpression(node)) beside(propertyOf(node, 'name'), propertyOf(node, 'severity'))
      if (!ts.isCallExpression(node)) return
      beside(node.arguments[0], node.arguments[1])
      const input = node.arguments[1]
      if (!/^(problem|deny)$/.test(node.expression.getText()) || !input || !ts.isObjectLiteralExpression(input)) return
      const code = propertyOf(input, 'code')
      if (code === undefined) return
      const { line } = source.getLineAndCharacterOfPosition(code.pos)
      const place = `${relative(source.fileName)}:${line + 1}`
      const type = checker.getTypeAtLocation(code)
      for (const text of literals(type)) answered.set(text, place)
      // What an error says of itself is declared where the error is.
      if (type.flags & ts.TypeFlags.String && !code.getText().endsWith('.code'))
        wrong.push(`${place} answers with any code: ${code.getText()}`)
    })
  }
  return { texts, answered, severities }

  function beside(name: ts.Node | undefined, severity: ts.Node | undefined): void {
    if (name === undefined || severity === undefined || !ts.isStringLiteral(name)) return
    visit(severity, (node) => {
      if (!ts.isStringLiteral(node) || !SEVERITIES.includes(node.text)) return
      severities.set(name.text, (severities.get(name.text) ?? new Set()).add(node.text))
    })
  }
}

function propertyOf(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const property = object.properties.find((p) => p.name?.getText() === name)
  return property && ts.isPropertyAssignment(property) ? property.initializer : undefined
}

/** In alphabetical order: the compiler's own depends on what else it has read. */
function literals(type: ts.Type | undefined): string[] {
  if (type === undefined) return []
  return type.isUnion() ? type.types.flatMap(literals).sort() : type.isStringLiteral() ? [type.value] : []
}

function visit(node: ts.Node, seen: (node: ts.Node) => void): void {
  seen(node)
  ts.forEachChild(node, (child) => visit(child, seen))
}

function firstSentence(doc: string): string {
  return oneLine(/^(?:[^.]|\.(?=\S))*\.?/.exec(doc)?.[0] ?? '')
}

function oneLine(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^[a-z]/, (letter) => letter.toUpperCase())
}

function relative(file: string): string {
  return file.startsWith(process.cwd()) ? file.slice(process.cwd().length + 1) : file
}
