import type { Tree } from '@nx/devkit'

/** The CI systems whose set-up is told step by step. */
export type CiSystem = 'github' | 'gitlab' | 'other'

const FILES: Array<[CiSystem, string[]]> = [
  ['github', ['.github/workflows']],
  ['gitlab', ['.gitlab-ci.yml']],
  ['other', ['.circleci', 'azure-pipelines.yml', 'bitbucket-pipelines.yml', 'Jenkinsfile', '.buildkite', '.teamcity']],
]

/** The CI systems that the workspace has files of; all where it has none. */
export function ciSystemsOf(tree: Tree): CiSystem[] {
  const systems = FILES.map(([system]) => system)
  const used = FILES.filter(([, paths]) => paths.some(path => tree.exists(path))).map(([system]) => system)
  return used.length > 0 ? used : systems
}
