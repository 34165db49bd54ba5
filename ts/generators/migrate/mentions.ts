import type { Tree } from '@nx/devkit'
import { RUNNERS } from './runners'

/** A line of a file that a machine should not change, and what to do about it. */
export interface Mention {
  file: string
  line: number
  found: string
  remedy: string
}

/** Where variables are set and commands are run: dotenv files and pipelines. */
const FILES = [
  '.env',
  '.env.local',
  '.local.env',
  '.gitlab-ci.yml',
  '.circleci/config.yml',
  '.buildkite/pipeline.yml',
  '.vela.yml',
  '.vela.yaml',
  'azure-pipelines.yml',
  'bitbucket-pipelines.yml',
  'Jenkinsfile',
]
const FOLDERS = ['.github/workflows', '.vela', '.gitlab/ci']

const OF_RUNNERS = Object.assign({}, ...RUNNERS.map(({ variables }) => variables)) as Record<string, string>

const REMEDIES: Array<[RegExp, (found: string) => string]> = [
  [/\bNX_SELF_HOSTED_REMOTE_CACHE_(SERVER|ACCESS_TOKEN)\b/, () => 'remove: Nx looks for the bucket first'],
  [/\bNX_CLOUD_(ACCESS_TOKEN|AUTH_TOKEN)\b/, () => 'remove: with it, Nx uses Nx Cloud and no other cache'],
  [/\bnx(-cloud)? (start-ci-run|fix-ci|stop-all-agents|complete-ci-run)\b/, () => 'remove: a command of Nx Cloud'],
  [/\btarget\/vela-s3-cache\b/, () => 'use the image of nx-s3-cache, with the same parameters'],
  [new RegExp(`\\b(${Object.keys(OF_RUNNERS).join('|')})\\b`), found => `rename: ${OF_RUNNERS[found]}`],
]

/** Lines that concern a former cache, in the order of the files. */
export function mentions(tree: Tree): Mention[] {
  return files(tree).flatMap(file => {
    const lines = (tree.read(file, 'utf8') ?? '').split('\n')
    return lines.flatMap((text, index) => mentionsIn(text).map(mention => ({ file, line: index + 1, ...mention })))
  })
}

function mentionsIn(text: string): Array<Pick<Mention, 'found' | 'remedy'>> {
  if (/^\s*#/.test(text)) return []
  return REMEDIES.flatMap(([pattern, remedy]) => {
    const found = pattern.exec(text)?.[0]
    return found ? [{ found, remedy: remedy(found) }] : []
  })
}

function files(tree: Tree): string[] {
  const inFolders = FOLDERS.flatMap(folder => tree.children(folder).map(name => `${folder}/${name}`))
  return [...FILES, ...inFolders].filter(path => tree.exists(path) && tree.isFile(path))
}
