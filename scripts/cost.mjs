#!/usr/bin/env node
// `npm run cost`: writes the tables of docs/cost.md from scripts/cost/figures.json.
import { readFileSync, writeFileSync } from 'node:fs'
import { page, rendered } from './cost/page.mjs'

writeFileSync(page, rendered(readFileSync(page, 'utf8')))
