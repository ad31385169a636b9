/** @file The slider of temperatures. */
import { type Slider, type SliderOptions, slider } from '../widgets/slider.js';

/** Where it can stand: evenly by feeling, which goes by ratios. */
const TEMPERATURES = [1, 1.5, 2, 3, 4, 6, 8, 10, 15, 20, 30, 50];

export function temperatureSlider(
  options: Pick<SliderOptions, 'start' | 'onInput' | 'hint'> & Partial<Pick<SliderOptions, 'values'>>,
): Slider {
  return slider({ label: 'Temperature T', values: TEMPERATURES, format: String, ...options });
}
