import type { Tree } from '@nx/devkit'
import { loadNative } from '../../native'
import { isCi } from '../../options'
import { Refusal } from '../refusal'
import { readSection } from '../section'
import type { Words } from '../words'

/**
 * Has the cache itself check the settings, before they are written: what it refuses here would stop every build.
 * Resolves to what the user should know where it can't be asked.
 */
export async function checkSettings(tree: Tree): Promise<Words[]> {
  const section = readSection(tree)
  if (!section?.['bucket']) return []
  const native = loadNative()
  if ('problem' in native) return [unchecked(native.problem)]
  const problems = await native.checkConfiguration({
    section: JSON.stringify(section),
    workspaceRoot: tree.root,
    ci: isCi(),
    verbose: false,
  })
  if (problems.length === 0) return []
  throw new Refusal(
    'The S3 cache would not work with these settings, so nothing was written.',
    ...problems.map(problem => `- ${problem}`),
    'Correct the flag of the same name (--bucket, --region, …) or what is in nx.json, and run the generator again.',
  )
}

function unchecked({ title, body }: { title: string; body: string[] }): Words {
  return { tone: 'warn', title: 'The settings are written, but not checked', bodyLines: [title, ...body.slice(1)] }
}
