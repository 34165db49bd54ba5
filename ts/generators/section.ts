import type { Tree } from '@nx/devkit'
import { editJson, readJsonOrEmpty } from './json'

/** nx.json as far as the generators know it. */
interface NxJson {
  extends?: string
  s3?: Section
  [key: string]: unknown
}

/** The `s3` section, as it is in effect. */
export type Section = Record<string, unknown>

/** Keys that must not be written to nx.json, with the environment variable that takes their place. */
export const SECRETS = {
  accessKeyId: 'AWS_ACCESS_KEY_ID',
  secretAccessKey: 'AWS_SECRET_ACCESS_KEY',
  sessionToken: 'AWS_SESSION_TOKEN',
  encryptionKey: 'NX_S3_CACHE_ENCRYPTION_KEY',
} as const

/** The section in effect: the workspace's own, else that of the preset nx.json extends. */
export function readSection(tree: Tree): Section | undefined {
  const own = readJsonOrEmpty<NxJson>(tree, 'nx.json')
  return own.s3 ?? presetOf(tree, own).s3
}

/** The file of this workspace that holds the section; nx.json where it is in a package or nowhere. */
export function fileOfSection(tree: Tree): string {
  const { s3, extends: preset } = readJsonOrEmpty<NxJson>(tree, 'nx.json')
  const elsewhere = s3 === undefined && preset?.startsWith('.') && readJsonOrEmpty<NxJson>(tree, preset).s3
  return elsewhere && preset ? preset : 'nx.json'
}

/** Changes the section in `file`, which is nx.json or the preset that holds it. */
export function editSection(tree: Tree, file: string, change: (before: Section) => Section): void {
  editJson<NxJson>(tree, file, json => {
    // Nx lets an own section replace the preset's as a whole, so the preset's settings move along; its secrets don't.
    json.s3 = change(json.s3 ?? withoutSecrets(presetOf(tree, json).s3 ?? {}))
  })
}

/** The secrets that sit in the section. */
export function secretsIn(section: Section): Array<keyof typeof SECRETS> {
  return (Object.keys(SECRETS) as Array<keyof typeof SECRETS>).filter(key => key in section)
}

function withoutSecrets(section: Section): Section {
  return Object.fromEntries(Object.entries(section).filter(([key]) => !(key in SECRETS)))
}

function presetOf(tree: Tree, nxJson: NxJson): NxJson {
  if (!nxJson.extends) return {}
  if (nxJson.extends.startsWith('.')) return readJsonOrEmpty(tree, nxJson.extends)
  try {
    return require(require.resolve(nxJson.extends, { paths: [tree.root] }))
  } catch {
    // Nx itself reports a preset that can't be found, on every command.
    return {}
  }
}
