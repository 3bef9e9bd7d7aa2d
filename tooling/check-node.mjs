// Preloaded where people start something: plain JavaScript, since an old Node dies on a TypeScript file before it can say why.
if (!process.features.typescript) {
  console.error(`Node ${process.versions.node} cannot run TypeScript: please use Node 22.18 or later (nodejs.org).`)
  process.exit(1)
}
