/** What stands behind `--name=` on the command line; undefined when it is not there. */
export function option(name: string): string | undefined {
  return process.argv.find((text) => text.startsWith(`--${name}=`))?.slice(name.length + 3);
}
