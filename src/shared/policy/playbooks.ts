import { z } from 'zod';
import { severitySchema } from '../alerts/events';

const id = z.string().min(1).max(128);
const bilingual = z.strictObject({ es: z.string().min(1), en: z.string().min(1) });
export type Bilingual = z.infer<typeof bilingual>;

/** What a button beside a step runs here. */
const playbookActionSchema = z.enum([
  'acknowledge',
  'kill',
  'rollback',
  'pause',
  'resume',
  'check_status',
]);

const stepSchema = z.strictObject({
  id,
  text: bilingual,
  /** To copy into a shell; never run from here. */
  command: z.string().min(1).nullable().default(null),
  action: playbookActionSchema.nullable().default(null),
});

const playbookSchema = z.strictObject({
  id,
  severity: severitySchema,
  title: bilingual,
  symptoms: z.array(bilingual),
  sections: z.array(z.strictObject({ id, title: bilingual, steps: z.array(stepSchema).min(1) })),
  /** Said below the steps: when it goes to whom. */
  escalation: z.array(bilingual),
});

const quickReferenceSchema = z.array(
  z.strictObject({
    id,
    scenario: bilingual,
    where: bilingual.nullable().default(null),
    command: z.string().min(1).nullable().default(null),
    action: playbookActionSchema.nullable().default(null),
  }),
);

/** Texts with `{{field}}` for what is filled in. */
const templatesSchema = z.strictObject({
  messages: z.strictObject({ start: bilingual, update: bilingual, resolved: bilingual }),
  postMortem: bilingual,
});

/** `resources/playbooks`: procedures, quick reference and templates, in one document. */
export const playbooksSchema = z
  .strictObject({
    version: z.string().min(1),
    playbooks: z.array(playbookSchema),
    quickReference: quickReferenceSchema,
    templates: templatesSchema,
  })
  .superRefine(({ playbooks }, context) => {
    for (const { id: playbook, sections } of playbooks) {
      const ids = sections.flatMap(({ steps }) => steps.map((step) => step.id));
      const twice = ids.find((one, at) => ids.indexOf(one) !== at);
      if (twice !== undefined) {
        const message = `step ${twice} is there twice`;
        context.addIssue({ code: 'custom', path: ['playbooks', playbook], message });
      }
    }
  });
export type Playbooks = z.infer<typeof playbooksSchema>;
