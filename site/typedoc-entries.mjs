/** @file A plug-in of TypeDoc: modules are named as users import them. */
import { Converter, ReflectionKind } from 'typedoc';
import { MANIFEST } from './pages.mjs';

const imported = new Map(
  Object.entries(MANIFEST.exports).map(([key, target]) => [
    (typeof target === 'string' ? target : target.default).replace(/^\.\/dist\/|\.js$/g, ''),
    MANIFEST.name + key.slice(1),
  ]),
);

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const name = imported.get(module.name.replace(/^src\/?/, '') || 'index');
      if (name === undefined) throw new Error(`no entry of package.json is built from ${module.name}`);
      module.name = name;
    }
  });
}
