// nx-s3-cache as Nx uses it: the package by its name, `getRemoteCache()`, and the uploads' end when the process ends.
import { createRequire } from 'node:module'
import { join } from 'node:path'

export async function open() {
  const require = createRequire(join(process.cwd(), 'nx.json'))
  const cache = await require('@nx/s3-cache').getRemoteCache()
  if (!cache) throw new Error('nx-s3-cache gave no cache')
  return {
    retrieve: (hash, directory) => cache.retrieve(hash, directory),
    store: (hash, directory) => cache.store(hash, directory, `output of ${hash}\n`, 0),
  }
}
