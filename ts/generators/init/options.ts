import type { Tree } from '@nx/devkit'
import { editJson } from '../json'
import { Refusal } from '../refusal'
import { editSection, SECRETS } from '../section'

/** The keys of the `s3` section that this generator writes. */
const SETTINGS = [
  'bucket',
  'region',
  'endpoint',
  'forcePathStyle',
  'profile',
  'ssoProfile',
  'localMode',
  'ciMode',
  'cacheKeyPrefix',
  'disableChecksum',
  'caBundle',
] as const

/** Flags and answers; schema.json describes them. The cache itself checks their values. */
export interface Settings {
  bucket?: string
  region?: string
  endpoint?: string
  forcePathStyle?: boolean
  profile?: string
  ssoProfile?: string
  localMode?: string
  ciMode?: string
  cacheKeyPrefix?: string
  disableChecksum?: boolean
  caBundle?: string
  /** Run the generator `trust`, too. It isn't written. */
  trust?: boolean
}

/** What `nx g nx-s3-cache:init` takes. */
export interface InitOptions extends Settings {
  skipInstall?: boolean
  skipFormat?: boolean
}

/** Writes the settings given into the workspace's own section and keeps everything else that is there. */
export function writeSettings(tree: Tree, settings: Settings): void {
  const given = SETTINGS.filter(key => settings[key] !== undefined && settings[key] !== '')
  if (given.length === 0) return
  const news = Object.fromEntries(given.map(key => [key, settings[key]]))
  editSection(tree, 'nx.json', before => ({ ...before, ...news }))
  offerCompletion(tree)
}

/** Nx's own schema, which knows no `s3`; and ours, which adds it. */
const NX_SCHEMA = './node_modules/nx/schemas/nx-schema.json'
const SCHEMA = './node_modules/@nx/s3-cache/nx-s3.schema.json'

/** Names the schema by which editors complete and check the section, unless the file names one of somebody else. */
function offerCompletion(tree: Tree): void {
  if (!tree.exists('package.json') || tree.exists('.pnp.cjs')) return
  editJson<Record<string, unknown>>(tree, 'nx.json', json => {
    const { $schema = NX_SCHEMA, ...rest } = json
    if ($schema !== NX_SCHEMA) return
    for (const key of Object.keys(json)) delete json[key]
    Object.assign(json, { $schema: SCHEMA, ...rest })
  })
}

/** Stops when a secret was passed as a flag: nx.json is committed, and shells remember what was typed. */
export function refuseSecrets(options: object): void {
  for (const [key, variable] of Object.entries(SECRETS)) {
    if (key in options) {
      throw new Refusal(
        `--${key} is not accepted: nx.json is committed, and secrets don't belong in a repository.`,
        `Set ${variable} in the environment (in CI: as a secret) and run the generator again without the flag.`,
      )
    }
  }
}
