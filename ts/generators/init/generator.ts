import { execSync } from 'node:child_process'
import type { GeneratorCallback, Tree } from '@nx/devkit'
import { closingWords, say } from './closing-words'
import { installAlias } from './dependencies'
import { devkit } from './json'
import { type InitOptions, refuseSecrets } from './options'
import { askForMissing, terminal } from './questions'
import { readSection, writeSection } from './section'

/**
 * `nx g nx-s3-cache:init`, which `nx add nx-s3-cache` runs: writes the `s3` section of nx.json and installs this
 * package under the name Nx looks for. Running it again changes only what its flags say.
 */
export default async function init(tree: Tree, options: InitOptions): Promise<GeneratorCallback> {
  refuseSecrets(options)
  writeSection(tree, await complete(tree, options))
  const before = tree.read('package.json', 'utf8')
  const installed = installAlias(tree)
  const mustInstall = tree.read('package.json', 'utf8') !== before && !options.skipInstall
  if (!options.skipFormat) await format(tree)
  const words = closingWords(tree, readSection(tree), installed)
  return () => {
    if (mustInstall) install(tree.root)
    say(words)
  }
}

async function complete(tree: Tree, options: InitOptions): Promise<InitOptions> {
  const shell = terminal()
  if (!shell) return options
  try {
    return { ...options, ...(await askForMissing(options, readSection(tree), shell.ask)) }
  } finally {
    shell.close()
  }
}

/** Formats the changed files when the workspace has what it takes. */
async function format(tree: Tree): Promise<void> {
  let devkit: typeof import('@nx/devkit')
  try {
    devkit = require('@nx/devkit')
  } catch {
    return
  }
  await devkit.formatFiles(tree)
}

function install(root: string): void {
  const { detectPackageManager, getPackageManagerCommand } = devkit()
  const command = getPackageManagerCommand(detectPackageManager(root), root).install
  execSync(command, { cwd: root, stdio: 'inherit', windowsHide: true })
}
