import theme from 'vitepress/theme';
import './theme.css';

// VitePress reads the default export.
export default theme;
