import type { GeneratorCallback, Tree } from '@nx/devkit'
import { format } from '../format'
import { installAlias } from '../init/dependencies'
import { install } from '../init/generator'
import { listPlugin } from '../init/plugin'
import { devkit } from '../json'
import { readSection } from '../section'
import { say } from '../words'
import { closingWords } from './closing-words'
import { mentions } from './mentions'
import { convertRunners, leaveNxCloud, unknownRunners, usesNxCloud } from './nx-json'
import { removePackages } from './packages'

/** What `nx g nx-s3-cache:migrate` takes. */
export interface MigrateOptions {
  leaveNxCloud?: boolean
  skipInstall?: boolean
  skipFormat?: boolean
}

/**
 * `nx g nx-s3-cache:migrate`: finds the remote cache that is set up, converts its options, removes its package and
 * runner, and says what remains. Running it again changes nothing.
 */
export default async function migrate(tree: Tree, options: MigrateOptions): Promise<GeneratorCallback> {
  const before = tree.read('package.json', 'utf8')
  const converted = convertRunners(tree)
  const nxCloud = usesNxCloud(tree)
  const left = nxCloud && options.leaveNxCloud === true
  if (left) leaveNxCloud(tree)
  const removed = removePackages(tree, { nxCloud: left })
  const { replaced, leftOver } = installAlias(tree)
  listPlugin(tree)
  const mustInstall = tree.read('package.json', 'utf8') !== before && !options.skipInstall
  if (!options.skipFormat) await format(tree)
  const words = closingWords({
    converted,
    packages: [...removed, ...replaced],
    leftOver,
    nxCloud: left ? 'left' : nxCloud ? 'connected' : 'none',
    mentions: mentions(tree),
    unknownRunners: unknownRunners(tree),
    section: readSection(tree),
    exec: execCommand(tree),
  })
  return () => {
    if (mustInstall) install(tree)
    say(words)
  }
}

/** How this workspace runs installed programs: `npx`, `pnpm exec`. */
function execCommand(tree: Tree): string {
  const { detectPackageManager, getPackageManagerCommand } = devkit()
  return getPackageManagerCommand(detectPackageManager(tree.root), tree.root).exec
}
