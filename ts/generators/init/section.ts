import type { Tree } from '@nx/devkit'
import { editJson, readJsonOrEmpty } from './json'
import { SECRETS, SETTINGS, type Settings } from './options'

/** nx.json as far as this generator knows it. */
interface NxJson {
  extends?: string
  s3?: Section
  [key: string]: unknown
}

/** The `s3` section, as it is in effect. */
export type Section = Record<string, unknown>

/** The section in effect: the workspace's own, else that of the preset nx.json extends. */
export function readSection(tree: Tree): Section | undefined {
  const own = readJsonOrEmpty<NxJson>(tree, 'nx.json')
  return own.s3 ?? presetOf(tree, own).s3
}

/** Writes the settings given into the workspace's own section and keeps everything else that is there. */
export function writeSection(tree: Tree, settings: Settings): void {
  const given = SETTINGS.filter(key => settings[key] !== undefined && settings[key] !== '')
  if (given.length === 0) return
  editJson<NxJson>(tree, 'nx.json', nxJson => {
    // Nx lets an own section replace the preset's as a whole, so the preset's settings move along; its secrets don't.
    const before = nxJson.s3 ?? withoutSecrets(presetOf(tree, nxJson).s3 ?? {})
    nxJson.s3 = { ...before, ...Object.fromEntries(given.map(key => [key, settings[key]])) }
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
