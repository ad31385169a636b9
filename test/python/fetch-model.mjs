// fetch-model.mjs ID: prints the folder in which retort has that model, downloaded if need be. check_hub_cache.py runs it.
import { fetchModel } from 'retort-ml/models';

process.stdout.write(await fetchModel(process.argv[2]));
