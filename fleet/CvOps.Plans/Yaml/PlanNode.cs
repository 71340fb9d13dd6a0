namespace CvOps.Plans.Yaml;

/// <summary>A part of a plan's text: a word, a list or a map. Not understood yet.</summary>
/// <param name="Line">From 1; null where the text had no lines worth telling, as JSON between programs.</param>
internal abstract record PlanNode(int? Line, int? Column);

/// <summary>A number, a truth or any other text, as it was written.</summary>
internal sealed record PlanWord(string Text, int? Line, int? Column) : PlanNode(Line, Column);

internal sealed record PlanList(IReadOnlyList<PlanNode> Items, int? Line, int? Column) : PlanNode(Line, Column);

/// <param name="Members">In the order in which they were written; no name twice.</param>
internal sealed record PlanMap(IReadOnlyList<(PlanWord Name, PlanNode Value)> Members, int? Line, int? Column) : PlanNode(Line, Column);
