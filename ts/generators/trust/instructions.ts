import type { Words } from '../words'
import type { CiSystem } from './ci-systems'

const VARIABLE = 'NX_S3_CACHE_SIGNING_KEY'

/** What to paste where, so that pushes to `branches` have the key and nothing else has. */
export function instructions(system: CiSystem, branches: string[], secretFile: string): Words {
  const { title, bodyLines } = { github, gitlab, other }[system](branches, secretFile)
  return { tone: 'note', title, bodyLines }
}

type Instructions = (branches: string[], secretFile: string) => { title: string; bodyLines: string[] }

/** Not a secret of the repository: every workflow of every branch could read that. */
const github: Instructions = (branches, secretFile) => ({
  title: 'GitHub Actions: a secret of an environment that only these branches may use',
  bodyLines: [
    '1. Settings → Environments → New environment: nx-cache',
    `   Deployment branches and tags → Selected branches and tags → add ${branches.map(withoutRefs).join(', ')}`,
    `2. In it, Add environment secret: ${VARIABLE}, with the content of the file. Or by command:`,
    `   gh secret set ${VARIABLE} --env nx-cache < '${secretFile}'`,
    '3. In the workflow, a job of its own for these pushes:',
    ...githubWorkflow(branches).map(line => `   ${line}`),
    '   Give the environment to no job that runs for pull requests, pull_request_target or workflow_run.',
  ],
})

function githubWorkflow(branches: string[]): string[] {
  const tags = branches.filter(isTag).map(withoutRefs)
  const heads = branches.filter(name => !isTag(name)).map(withoutRefs)
  return [
    'on:',
    '  push:',
    ...(heads.length > 0 ? [`    branches: ${JSON.stringify(heads)}`] : []),
    ...(tags.length > 0 ? [`    tags: ${JSON.stringify(tags)}`] : []),
    '  pull_request:',
    'jobs:',
    '  trusted:',
    "    if: github.event_name == 'push'",
    '    runs-on: ubuntu-latest',
    '    environment: nx-cache',
    '    steps:',
    '      # … check out, install, credentials of the bucket',
    '      - run: npx nx run-many -t build',
    '        env:',
    `          ${VARIABLE}: \${{ secrets.${VARIABLE} }}`,
  ]
}

const gitlab: Instructions = (branches, secretFile) => ({
  title: 'GitLab: a protected variable',
  bodyLines: [
    `1. Settings → Repository → Protected branches (or tags): ${branches.map(withoutRefs).join(', ')}`,
    `2. Settings → CI/CD → Variables → Add variable: ${VARIABLE}, with the content of the file.`,
    '   Visibility: Masked and hidden. Protect variable: yes. Expand variable reference: no. Or by command:',
    `   glab variable set ${VARIABLE} --protected --masked --hidden --raw < '${secretFile}'`,
    '3. .gitlab-ci.yml stays as it is: jobs of protected branches see the variable. So that merge requests do not,',
    '   leave their access to protected variables off (Settings → CI/CD → Variables).',
  ],
})

const other: Instructions = branches => ({
  title: 'Other CI systems',
  bodyLines: [
    `Give the content of the file, as ${VARIABLE}, to jobs that run pushes to ${branches.join(', ')}, and to no others:`,
    '- CircleCI: a context restricted to the branch. Azure Pipelines: a variable group with branch control.',
    '- Bitbucket: a deployment variable. Jenkins, Buildkite, TeamCity: a secret of a folder, queue or project of its own.',
    'Where it is not told that a run is such a push, these jobs also set NX_S3_CACHE_TRUST_SCOPE=trusted.',
  ],
})

function isTag(name: string): boolean {
  return name.startsWith('refs/tags/')
}

function withoutRefs(name: string): string {
  return name.replace(/^refs\/(heads|tags)\//, '')
}
