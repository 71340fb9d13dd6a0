using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Web;

/// <summary>The plan that the page proposes for a model: a canary, then everybody after a person's word. Pure.</summary>
internal static class FirstPlan
{
    public static string Of(ModelRef model) => $"""
        name: {Name(model)}
        model: {model.Digest}   # {model.Name} {model.Version}
        target: everything            # or: select: site=ulm,line in (3,4)

        rings:                        # taken in order; the first is the canary
          - name: canary
            count: 1
          - name: everyone
            percent: 100 %
            approval: true            # a person says go

        soak:                         # what a ring must survive before the next, all of it
          time: 1h
          parts: 1000
          timeout: 1d                 # then the rollout pauses as Inconclusive

        # four-eyes: true             # somebody else than who wrote this says go: keep it as a draft, or let the first ring have approval
        """;

    /// <summary>A word that YAML takes as it is.</summary>
    private static string Name(ModelRef model) => string.Concat($"{model.Name}-{model.Version}".Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' ? letter : '-')).Trim('-', '.') is { Length: > 0 } name ? name : "rollout";
}
