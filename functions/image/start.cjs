/**
 * node start.cjs PROGRAM.cjs …: runs a bundle with the code that V8 made of it while its image was built (keep-code.cjs).
 * Node's own cache (NODE_COMPILE_CACHE) has only what V8 makes of a file while it loads it. This one has all that a run
 * compiled that answered requests, which is several times as much. Without it, or if V8 rejects it, a start takes longer.
 */
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const { basename, dirname, join } = require('node:path')
const { Script } = require('node:vm')

process.argv.splice(1, 1)
const file = process.argv[1]
const folder = dirname(file)
const codeFile = join(folder, 'code', basename(file, '.cjs'))
const head = '(function (exports, require, module, __filename, __dirname) {'
const script = new Script(`${head}${readFileSync(file, 'utf8')}\n})`, {
  filename: file,
  columnOffset: -head.length,
  ...(existsSync(codeFile) && { cachedData: readFileSync(codeFile) }),
})
if (script.cachedDataRejected) process.emitWarning(`V8 rejected ${codeFile}, so the start takes longer`)
if (process.env.KEEP_CODE) process.on('exit', () => writeFileSync(codeFile, script.createCachedData()))
script.runInThisContext().call(exports, exports, require, module, file, folder)
