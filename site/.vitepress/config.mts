import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { defineConfig, type Plugin } from 'vitepress'
import { relativeLinks } from './links'
import { pages, sidebar } from './pages'
import { slugify } from './slugify'
import { emptyHeads } from './tables'

const site = resolve(__dirname, '..')
const repository = resolve(site, '..')
const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
const source = manifest.repository?.url?.replace(/^git\+|\.git$/g, '')
const base = process.env.DOCS_BASE ?? '/'

/** Most pages are outside site/, and would look for Vue in the plugin's packages. */
const vueOfSite: Plugin = {
  name: 'vue of the site',
  enforce: 'pre',
  resolveId(name, importer, options) {
    const elsewhere = /^vue($|\/)/.test(name) && importer?.endsWith('.md') && !importer.startsWith(site)
    return elsewhere ? this.resolve(name, join(site, 'index.md'), { ...options, skipSelf: true }) : undefined
  },
}

/** The site is made of the Markdown files as the forge shows them; `pages` says which, and where they go. */
export default defineConfig({
  base,
  srcDir: '..',
  srcExclude: ['!(docs|infra|site|*.md)/**', 'docs/*/**', 'infra/*/**', 'README.md'],
  rewrites: pages,
  lang: 'en',
  title: 'nx-s3-cache',
  description: manifest.description,
  cleanUrls: true,
  lastUpdated: false,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}logo.svg` }]],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    anchor: { slugify },
    config: md => md.use(emptyHeads).use(relativeLinks, { repository, source }),
  },
  vite: {
    publicDir: join(site, 'public'),
    plugins: [vueOfSite],
    resolve: { alias: [{ find: /^.*\/VPHome\.vue$/, replacement: join(__dirname, 'theme/Home.vue') }] },
  },
  themeConfig: {
    logo: { src: '/logo.svg', alt: '' },
    nav: [
      { text: 'Get started', link: '/getting-started' },
      { text: 'Is it safe?', link: '/safety' },
      { text: 'Configuration', link: '/configuration' },
      { text: 'Benchmarks', link: '/benchmarks' },
    ],
    sidebar,
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      options: {
        miniSearch: { searchOptions: { fuzzy: 0.1, prefix: true, boost: { title: 4, titles: 1, text: 1 } } },
      },
    },
    socialLinks: source ? [{ icon: 'github', link: source }] : [],
    footer: { message: 'MIT licensed. No trackers, no cookies, nothing loaded from elsewhere.' },
  },
})
