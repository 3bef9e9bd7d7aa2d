import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'tooling/test/**/*.test.ts',
      'docs/test/**/*.test.ts',
    ],
    globalSetup: 'packages/testkit/test/shared-servers.ts',
    reporters: ['default', ['json', { outputFile: 'reports/vitest.json' }]],
  },
})
