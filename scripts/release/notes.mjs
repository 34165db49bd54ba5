#!/usr/bin/env node
// Prints what the changelog says of this version: the text of the release.
import { changes, main } from './facts.mjs'

process.stdout.write(`${changes(main.version) ?? changes('Unreleased')}\n`)
