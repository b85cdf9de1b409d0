import { z } from 'zod';

// Schemas would otherwise try to compile themselves with eval, which the content security policy refuses. Import this
// before any module that makes a schema.
z.config({ jitless: true });
