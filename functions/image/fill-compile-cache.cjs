/**
 * node fill-compile-cache.cjs FLAG … PROGRAM.cjs: starts the program once while its image is built, with the flags that it has later,
 * so that Node keeps the code that V8 makes of it (NODE_COMPILE_CACHE). Without its configuration the program ends with 78
 * (EX_CONFIG) as soon as it is loaded; any other end is a fault of the image. Node that is of another version, or has other flags,
 * makes nothing of the cache, and starts as it would without.
 */
const { spawnSync } = require('node:child_process')
const { readdirSync } = require('node:fs')

const { status, stderr } = spawnSync(process.execPath, process.argv.slice(2), { encoding: 'utf8' })
if (status !== 78) throw new Error(`The program ended with ${status} instead of 78:\n${stderr}`)
if (readdirSync(process.env.NODE_COMPILE_CACHE).length === 0) throw new Error('Node has kept no code')
