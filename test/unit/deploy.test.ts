import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { at, documentsOf, entriesAt, filesIn, listAt, scalar, textOf } from '../support/manifests.js';

const compose = documentsOf('deploy/compose.yaml')[0]?.content;
const services = entriesAt(compose, 'services');
const ours = services.filter(([name]) => !['kafka', 'clickhouse'].includes(name));
const manifests = filesIn('deploy/kubernetes', '.yaml').flatMap(documentsOf);
const pods = manifests
  .filter(({ content }) => ['Deployment', 'Job'].includes(scalar(at(content, 'kind'))))
  .map(({ content }) => ({ name: scalar(at(content, 'metadata', 'name')), content }));
const containers = pods.flatMap(({ name, content }) =>
  listAt(content, 'spec', 'template', 'spec', 'containers').map((container) => ({ name, container })),
);
const REGISTRY = /^[^/]*[.:][^/]*\//;

describe('what is deployed', () => {
  it('is YAML, and every manifest says what it is and belongs to the namespace', () => {
    for (const file of filesIn('deploy', '.yaml')) expect(documentsOf(file), file).not.toEqual([]);
    for (const { file, content } of manifests) {
      expect(scalar(at(content, 'apiVersion')), file).not.toBe('');
      const kind = scalar(at(content, 'kind'));
      const namespace = scalar(at(content, 'metadata', kind === 'Namespace' ? 'name' : 'namespace'));
      expect({ file, kind, namespace }).toEqual({ file, kind, namespace: 'lachan' });
    }
  });

  it('names every image with its version and without a registry', () => {
    const dockerfile = textOf('deploy/Dockerfile');
    const images = [
      ...services.map(([, service]) => scalar(at(service, 'image')).replace(/^\$\{\w+:-(.*)\}$/, '$1')),
      ...containers.map(({ container }) => scalar(at(container, 'image'))),
      ...[...dockerfile.matchAll(/^ARG NODE_IMAGE=(\S+)$/gm)].map(([, image = '']) => image),
    ];
    expect(images.length).toBeGreaterThan(services.length + 3);
    for (const image of images) {
      expect(image).toMatch(/:[\w.-]*\d[\w.-]*$/);
      expect(image).not.toMatch(REGISTRY);
    }
  });

  it('runs the image as a user without rights, without the engine and the embedded log', () => {
    const [, last = ''] = textOf('deploy/Dockerfile').split(/^FROM .*$(?![\s\S]*^FROM )/m);
    expect(last).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
    expect(last).toContain('HEALTHCHECK');
    expect(textOf('deploy/Dockerfile')).toMatch(/npm uninstall --no-save .* chdb lmdb tsx/);
  });
});

describe('the Compose file', () => {
  it.each(services)('bounds %s and gives it no rights', (_, service) => {
    for (const limit of ['mem_limit', 'cpus', 'pids_limit', 'restart']) {
      expect(scalar(at(service, limit)), limit).not.toBe('');
    }
    expect(scalar(at(service, 'user'))).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(listAt(service, 'cap_drop')).toEqual(['ALL']);
    expect(listAt(service, 'security_opt')).toEqual(['no-new-privileges:true']);
    expect(at(service, 'privileged')).toBeUndefined();
    for (const port of listAt(service, 'ports')) expect(scalar(port)).toMatch(/^127\.0\.0\.1:/);
  });

  it.each(ours)('lets %s write nowhere', (_, service) => {
    expect(at(service, 'read_only')).toBe(true);
    expect(listAt(service, 'volumes')).toEqual([]);
  });

  it('checks the health of everything that stays', () => {
    for (const [name, service] of services) {
      const isChecked =
        at(service, 'healthcheck', 'test') !== undefined || at(service, 'build') !== undefined;
      expect({ name, isChecked }).toEqual({ name, isChecked: true });
    }
    expect(at(compose, 'services', 'migrate', 'healthcheck', 'disable')).toBe(true);
  });

  it('keeps secrets in files, each of which make-keys.sh makes', () => {
    const made = textOf('deploy/keys/make-keys.sh');
    for (const [name, secret] of entriesAt(compose, 'secrets')) {
      expect(scalar(at(secret, 'file'))).toBe(`./secrets/${name}`);
      const user = /^clickhouse-(\w+)\.password$/.exec(name)?.[1];
      expect(made).toContain(user === undefined ? `$secrets/${name}` : 'clickhouse-$user.password');
      if (user !== undefined) expect(made).toMatch(new RegExp(`^for user in .*\\b${user}\\b`, 'm'));
    }
    for (const [, service] of services)
      for (const [name, value] of entriesAt(service, 'environment'))
        if (/PASSWORD|KEY/.test(name)) expect(scalar(value), name).toMatch(/^\/run\/secrets\//);
  });
});

describe('the Kubernetes manifests', () => {
  it.each(containers)('bound the container of $name and give it no rights', ({ container }) => {
    for (const kind of ['requests', 'limits'])
      for (const resource of ['cpu', 'memory'])
        expect(scalar(at(container, 'resources', kind, resource)), `${kind} ${resource}`).not.toBe('');
    expect(at(container, 'securityContext')).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it.each(pods)('keep $name from root, from the cluster and from variables of services', ({ content }) => {
    const pod = at(content, 'spec', 'template', 'spec');
    expect(at(pod, 'securityContext', 'runAsNonRoot')).toBe(true);
    expect(at(pod, 'automountServiceAccountToken')).toBe(false);
    expect(at(pod, 'enableServiceLinks')).toBe(false);
  });

  it('give every pod that serves its probes, its budget, and longer to end than it takes', () => {
    const stopMs = /const STOP_MS = ([\d_]+);/.exec(textOf('cli/cluster/role.ts'))?.[1] ?? '';
    const stopSeconds = Number(stopMs.replaceAll('_', '')) / 1_000;
    expect(stopSeconds).toBeGreaterThan(0);
    const budgets = manifests
      .filter(({ content }) => at(content, 'kind') === 'PodDisruptionBudget')
      .map(({ content }) => scalar(at(content, 'metadata', 'name')));
    const serving = pods.filter(({ content }) => at(content, 'kind') === 'Deployment');
    expect(serving.map(({ name }) => name).sort()).toEqual([...budgets].sort());
    for (const { name, content } of serving) {
      const pod = at(content, 'spec', 'template', 'spec');
      const container = at(pod, 'containers', 0);
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
        expect(at(container, probe), `${name} ${probe}`).toBeDefined();
      const [, preStop = 0] = listAt(container, 'lifecycle', 'preStop', 'exec', 'command').map(Number);
      const grace = Number(scalar(at(pod, 'terminationGracePeriodSeconds')));
      expect(grace, name).toBeGreaterThan(stopSeconds + preStop);
    }
    const gateway = serving.find(({ name }) => name === 'lachan-gateway')?.content;
    const ready = at(gateway, 'spec', 'template', 'spec', 'containers', 0, 'readinessProbe', 'grpc', 'port');
    expect(ready).toBe(50_051);
  });

  it('show secrets only as placeholders that are refused', () => {
    const secrets = documentsOf('deploy/kubernetes/examples/secrets.yaml');
    for (const { content } of secrets)
      for (const [, value] of entriesAt(content, 'stringData')) {
        expect(scalar(value)).not.toMatch(/^[0-9a-f]{64}$/);
        expect(() => createPublicKey(scalar(value))).toThrow();
      }
    expect(manifests.filter(({ content }) => at(content, 'kind') === 'Secret')).toHaveLength(secrets.length);
  });
});
