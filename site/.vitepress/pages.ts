/** Files of the repository that are pages of the site, with their places there. */
export const pages: Record<string, string> = {
  'site/index.md': 'index.md',
  'docs/:page.md': ':page.md',
  'infra/README.md': 'infrastructure.md',
  'infra/recipes.md': 'infrastructure-recipes.md',
  'SECURITY.md': 'reporting.md',
  'ARCHITECTURE.md': 'architecture.md',
  'CONTRIBUTING.md': 'contributing.md',
  'CHANGELOG.md': 'changelog.md',
}

/** The page of a file, without `.md`. */
export function pageOf(file: string): string | undefined {
  const page = pages[file] ?? /^docs\/([^/]+\.md)$/.exec(file)?.[1]
  return page?.replace(/\.md$/, '')
}

function group(text: string, items: Record<string, string>) {
  return { text, items: Object.entries(items).map(([page, title]) => ({ text: title, link: `/${page}` })) }
}

export const sidebar = [
  group('Start', {
    'getting-started': 'Get started',
    safety: 'Why and how it is safe',
    comparison: 'Comparison',
    migrate: 'Migrate',
    cost: 'Cost',
    faq: 'Questions',
  }),
  group('Set up', {
    configuration: 'Configuration',
    credentials: 'Credentials',
    ci: 'CI',
    rollout: 'Roll out in a company',
    infrastructure: 'Bucket and roles',
    'infrastructure-recipes': 'Recipes for providers',
    providers: 'Providers',
    platforms: 'Platforms',
    vela: 'Vela',
  }),
  group('Operate', {
    cli: 'Command line',
    troubleshooting: 'Troubleshooting',
    reliability: 'Reliability',
    retention: 'Retention',
  }),
  group('Reference', {
    security: 'Security',
    benchmarks: 'Benchmarks',
    'how-nx-loads-it': 'How Nx loads the cache',
    format: 'Object format',
    upgrading: 'Upgrading',
    versioning: 'Versions and support',
    reporting: 'Report a vulnerability',
    changelog: 'Changelog',
    architecture: 'Architecture',
    contributing: 'Contributing',
    releasing: 'Releasing',
  }),
]
