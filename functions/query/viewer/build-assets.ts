import { build } from 'esbuild'

/**
 * Builds the files that the browser loads: contents by file name, with a hash of the content in each name. A bundle
 * contains the result of this function in its place (functions/image/bundle.ts).
 */
export async function buildAssets(): Promise<{ readonly [file: string]: string }> {
  const { outputFiles } = await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: {
      viewer: 'browser/main.ts',
      style: 'browser/style.css',
      icon: 'browser/icon.svg',
      reference: '../docs/reference.css',
    },
    entryNames: '[name]-[hash]',
    outdir: '/',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: ['chrome123', 'firefox120', 'safari17.5'],
    loader: { '.svg': 'copy' },
    logLevel: 'silent',
  })
  return Object.fromEntries(outputFiles.map(({ path, text }) => [path.replace(/^.*[\\/]/, ''), text]))
}
