import type { ErrorDetails } from '../errors/retort-error.js';
import type { HubSettings } from './settings.js';

/**
 * What it means that the hub gives no answer: it says 401 of a model that does not exist, too, unless a token shows that
 * somebody may know.
 * @param code Of the header `X-Error-Code`; empty where there is none.
 * @returns undefined for a status that it gives for no request of ours.
 */
export function refusalReason(
  status: number,
  code: string,
  { id, settings, nearestName }: { id: string; settings: HubSettings; nearestName?: string | undefined },
): Pick<ErrorDetails, 'wanted' | 'got' | 'fix'> | undefined {
  const { endpoint, token } = settings;
  const got = `HTTP ${status}`;
  const meant = nearestName === undefined ? '' : ` (did you mean ${nearestName}?)`;
  const checkName = `check the name${meant}`;
  const logIn = 'set HF_TOKEN to a token that may read it';
  if (code === 'GatedRepo') {
    const fix = `accept its terms at ${endpoint}/${id}, then set HF_TOKEN to a token of that account`;
    return { wanted: 'access to a gated model', got, fix };
  }
  if ((status === 401 || status === 403) && token !== undefined) {
    return { wanted: `a model that the token of ${token.from} may read`, got, fix: `${checkName} and the token` };
  }
  if (status === 401 || status === 403) {
    return {
      wanted: 'a public model',
      got: `${got}: no model has that name, or it is private or gated`,
      fix: `${checkName}, or ${logIn}`,
    };
  }
  if (code === 'RevisionNotFound') {
    return { wanted: 'an existing revision', got, fix: 'check the name of the revision' };
  }
  if (status === 404) {
    return { wanted: `a model of that name at ${endpoint}`, got, fix: `${checkName}, or ${logIn} if it is private` };
  }
  return undefined;
}
