import { expect, test } from 'vitest';
import { Metrics } from '../../src/server/metrics.js';

test('Metrics are written as the Prometheus text format has them', () => {
  const metrics = new Metrics();
  metrics.count('retort_requests_total', ['/predict', 200]);
  metrics.count('retort_requests_total', ['/predict', 200]);
  metrics.count('retort_requests_total', ['/predict', 503]);
  for (const seconds of [0.0005, 0.002, 0.002, 60]) metrics.took(seconds);
  const text = metrics.text({
    retort_batches_total: 3,
    retort_rows_total: 9,
    retort_waiting_rows: 2,
    retort_up: 1,
    retort_student_answers: 1,
  });
  expect(text).toContain(`# TYPE retort_requests_total counter
retort_requests_total{path="/predict",status="200"} 2
retort_requests_total{path="/predict",status="503"} 1
`);
  expect(text).toContain('# TYPE retort_waiting_rows gauge\nretort_waiting_rows 2\n');
  expect(text).toContain('_bucket{le="0.001"} 1\nretort_request_seconds_bucket{le="0.0025"} 3\n');
  expect(text).toContain('_bucket{le="+Inf"} 4\n');
  expect(text).toMatch(/retort_request_seconds_count 4\n$/);
});
