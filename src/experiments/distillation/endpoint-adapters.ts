/** @file How a server at a URL is asked, by the format that it speaks. */
import type { AdapterMaker } from '../../teachers/asked-orders.js';
import { chatAdapters } from '../../teachers/chat-adapter.js';
import { decisionAdapters } from '../../teachers/decision-endpoint.js';
import { checkEndpointOptions } from '../../teachers/endpoint-options.js';
import type { OutsideOptions } from '../../teachers/outside-options.js';
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
