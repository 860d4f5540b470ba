// The real Apache Kafka broker from its Maven artifacts: where Java 17 and Maven are found, nothing else is needed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ChildUnderTest } from '../lachan-process.js';

const POM = fileURLToPath(new URL('./pom.xml', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/lachan-test-kafka', import.meta.url));
const DOWNLOAD_MS = 600_000;
const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies';

/** What `java` needs to run a broker. */
export interface KafkaArtifacts {
  readonly classPath: string;
  readonly version: string;
}

const answers = (program: string): boolean => spawnSync(program, ['-version']).status === 0;

/** Undefined where Java or Maven are missing. Downloads once; the copies are kept under node_modules/.cache. */
export async function kafkaArtifacts(): Promise<KafkaArtifacts | undefined> {
  const key = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 16);
  const kept = join(CACHE, key);
  if (!answers('java')) return undefined;
  if (!existsSync(kept)) {
    if (!answers('mvn')) return undefined;
    await mkdir(CACHE, { recursive: true });
    // Made apart and moved into place whole: of two runs at once the second to finish throws its own away.
    const made = await mkdtemp(`${kept}-`);
    try {
      const args = ['-q', '-B', '-f', POM, GOAL, '-DincludeScope=runtime', `-DoutputDirectory=${made}`];
      const { code, stdout } = await new ChildUnderTest('mvn', args).finished(DOWNLOAD_MS);
      if (code !== 0) throw new Error(`mvn ended with ${String(code)}: ${stdout.slice(-2_000)}`);
      await rename(made, kept);
    } catch (error) {
      if (!existsSync(kept)) throw error;
    } finally {
      await rm(made, { recursive: true, force: true });
    }
  }
  const version = (await readdir(kept)).join('\n').match(/^kafka_2\.13-(.+)\.jar$/m)?.[1];
  if (version === undefined) throw new Error(`No broker among the artifacts in ${kept}.`);
  return { classPath: join(kept, '*'), version };
}
