import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { defineConfig, type DefaultTheme } from 'vitepress'

const ROOT = join(import.meta.dirname, '../..')
/** Files of the repository that are pages, too. */
const ONSITE = new Map([
  ['../SECURITY.md', '/security'],
  ...records().map((file) => [`../decisions/${basename(file)}`, `/decisions/${basename(file, '.md')}`] as const),
])
const REPOSITORY = 'https://github.com/wardstone/wardstone/blob/main'

export default defineConfig({
  title: 'Wardstone',
  description: 'Security middleware for Node that stays correct under concurrency, failure and rotation',
  lang: 'en',
  srcExclude: ['test/**'],
  head: [['link', { rel: 'icon', href: 'data:,' }]], // no mark of ours, and no request for one
  themeConfig: {
    nav: [
      { text: 'Guides', link: '/guide/protect', activeMatch: '/guide/' },
      { text: 'API', link: '/api/', activeMatch: '/api/' },
      { text: 'Errors', link: '/errors' },
      { text: 'Events', link: '/events' },
      { text: 'Benchmarks', link: '/benchmarks' },
    ],
    sidebar: [
      {
        text: 'Guides',
        items: [
          { text: 'Protect an application', link: '/guide/protect' },
          { text: 'Harden an application', link: '/guide/harden' },
          { text: 'Sessions', link: '/guide/sessions' },
          { text: 'Sessions in the browser', link: '/guide/browser' },
          { text: 'Signing keys', link: '/guide/keys' },
          { text: 'Probes, shutdown, crashes', link: '/guide/operate' },
          { text: 'TLS between services', link: '/guide/tls' },
        ],
      },
      {
        text: 'Reference',
        items: [
          { text: 'Errors', link: '/errors' },
          { text: 'Events', link: '/events' },
          { text: 'Hosts compared', link: '/hosts' },
          { text: 'API', link: '/api/', collapsed: true, items: api() },
        ],
      },
      {
        text: 'Evidence',
        items: [
          { text: 'Security', link: '/security' },
          { text: 'Benchmarks', link: '/benchmarks' },
          { text: 'Requirements', link: '/requirements' },
        ],
      },
      { text: 'Decisions', collapsed: true, items: decisions() },
    ],
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      options: {
        // A code such as session_not_revoked is found as a whole, and by its words.
        miniSearch: {
          options: {
            tokenize: (text) =>
              text.split(/[^\p{L}\p{N}_]+/u).flatMap((word) => (word.includes('_') ? [word, ...word.split('_')] : [word])),
          },
        },
      },
    },
    socialLinks: [{ icon: 'github', link: 'https://github.com/wardstone/wardstone' }],
  },
  markdown: {
    config(md) {
      // Pages link to files of the repository as they do where they are read as files; the site has only what is in docs.
      md.core.ruler.push('repository', ({ tokens, env }) => {
        for (const { children } of tokens) {
          for (const link of children ?? []) {
            const href = link.type === 'link_open' ? link.attrGet('href') : null
            if (href === null || !/^\.\.?\//.test(href)) continue
            const { relativePath } = env as { relativePath: string }
            const path = join(relativePath === 'security.md' ? '..' : dirname(relativePath), href)
            if (path.startsWith('../docs/')) link.attrSet('href', path.slice('../docs'.length))
            else if (path.startsWith('../')) link.attrSet('href', ONSITE.get(path) ?? `${REPOSITORY}/${path.slice(3)}`)
          }
        }
      })
    },
  },
})

function decisions(): DefaultTheme.SidebarItem[] {
  return records().map((file) => ({ text: titleOf(file), link: `/decisions/${basename(file, '.md')}` }))
}

function records(): string[] {
  return globSync(join(ROOT, 'decisions/*.md')).sort()
}

function titleOf(file: string): string {
  return /^# (.*)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? basename(file)
}

/** Written by typedoc. */
function api(): DefaultTheme.SidebarItem[] {
  const file = join(ROOT, 'docs/api/typedoc-sidebar.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as DefaultTheme.SidebarItem[]) : []
}
