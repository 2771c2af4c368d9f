import { recipes } from '@activity-log/query/docs/recipes.ts'

/** The text of a recipe as the documentation shows it, but for the port. */
export function recipeText(name: string, port: string): string {
  const recipe = recipes.find((each) => each.name === name)
  if (!recipe) throw new Error(`There is no recipe for ${name}`)
  return recipe.text.replace('localhost:3000', `localhost:${port}`)
}
