/** @file How a server at a URL is asked, by the format that it speaks. */
import type { AdapterMaker } from '../../outside/asking/asked-orders.js';
import { checkEndpointOptions } from '../../outside/asking/endpoint-options.js';
import type { OutsideOptions } from '../../outside/asking/outside-options.js';
import { chatAdapters } from '../../outside/chat/chat-adapter.js';
import { decisionAdapters } from '../../outside/decisions/decision-endpoint.js';
import type { EndpointFormatName } from './endpoint-formats.js';
import type { NamedOptions } from './named-endpoint.js';

type Options = NamedOptions & OutsideOptions;

/** @throws OptionError for options that do not fit. */
export const FORMAT_ADAPTERS: Readonly<Record<EndpointFormatName, (options: Options) => AdapterMaker>> = {
  chat: (options) => {
    checkEndpointOptions(options);
    return chatAdapters(options);
  },
  systemone: (options) => decisionAdapters({ ...options, format: 'systemone' }),
  'openai-decisions': (options) => decisionAdapters({ ...options, format: 'openai-decisions' }),
};
