// The lock file has a Node for each platform that the registry has it for. Elsewhere the machine's own runs the log, and
// an old one would only say that it does not know TypeScript. This file is loaded first, and has to run on old ones, too.
'use strict'

var oldest = 24
var version = process.versions.node
if (Number(version.split('.')[0]) < oldest) {
  process.stderr.write(
    'Activity Log needs Node ' +
      oldest +
      ' or newer, and this is ' +
      version +
      ' (' +
      process.execPath +
      '). ' +
      'Install a newer one from https://nodejs.org, or run "npm ci" where it brings its own: Linux and Windows on x64, ' +
      'Linux on arm64.\n',
  )
  process.exit(78)
}
