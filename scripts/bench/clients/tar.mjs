// tar | zstd to and from local files: what a shell script would do without a network.
import { shell } from './shell.mjs'

export async function open({ archives }) {
  return {
    store: (hash, directory) =>
      shell(`tar -C "$1" -cf - "$2" | zstd -3 -T0 -q -f -o "$3/$2.tar.zst"`, directory, hash, archives),
    retrieve: (hash, directory) => shell(`zstd -dcq "$3/$2.tar.zst" | tar -C "$1" -xf -`, directory, hash, archives),
  }
}
