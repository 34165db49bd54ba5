import { loadNative } from '../../native'
import { Refusal } from '../refusal'

/** A new key pair. Nothing of it is written yet. */
export interface MadeKey {
  name: string
  publicKey: string
  secretKey: string
  /** The absolute path of the file that will hold the secret key. */
  secretFile: string
}

/** Makes a key pair called `name`, unless one of those `taken` is called so, too. */
export function makeKeyPair(name: string, taken: string[]): Pick<MadeKey, 'publicKey' | 'secretKey'> {
  if (taken.includes(name)) {
    throw new Refusal(
      `nx.json has a key called ${name} already, and its secret half can't be made again.`,
      'Choose another --name: several keys may stand side by side, so that none of the entries is lost.',
    )
  }
  const native = loadNative()
  if ('problem' in native)
    throw new Refusal('No key can be made: the native module does not load.', ...native.problem.body)
  try {
    return native.generateSigningKey(name)
  } catch (error) {
    throw new Refusal(`--name=${JSON.stringify(name)}: ${error instanceof Error ? error.message : String(error)}.`)
  }
}
