using CvOps.Contracts;
using CvOps.Contracts.Api;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace CvOps.Cli.Commands;

/// <summary>A rollout plan as people write it. Unknown keys are mistakes: a typo must not disable a brake.</summary>
internal static class RolloutPlanFile
{
    public const string Example = """
        name: spring-lamps
        model: 3f5a...            # digest of the package, from 'cvops models list'
        target:                   # labels a device must have; leave out for every device
          site: plant-a
        rings:                    # taken in order; the first is the canary
          - name: canary
            count: 1
          - name: half
            percent: 50
          - name: everyone
            percent: 100
        soak:                     # what a ring must survive before the next, all of it
          seconds: 3600
          parts: 1000
          timeout-seconds: 86400
        guardrails:
          false-stop-risk: 0.01
          false-promotion-risk: 0.01
          non-inferiority-margin: 0.02
          error-rate: 0.001
          failed-updates: 0
        first-installation: false # true only where there is no model in charge to compare with

        """;

    /// <exception cref="CliException">The file is no plan; the message says where and why.</exception>
    public static RolloutPlan Read(string path)
    {
        try
        {
            var draft = new DeserializerBuilder().WithNamingConvention(HyphenatedNamingConvention.Instance).Build().Deserialize<Draft>(File.ReadAllText(path));
            return draft?.Plan() ?? throw new CliException($"{path} is empty; 'cvops rollout example' prints a plan.", ExitCodes.Configuration);
        }
        catch (YamlException e)
        {
            throw new CliException($"{path}({e.Start.Line},{e.Start.Column}): {e.InnerException?.Message ?? e.Message}", ExitCodes.Configuration);
        }
        catch (FormatException e)
        {
            throw new CliException($"{path}: {e.Message}", ExitCodes.Configuration);
        }
    }

    private sealed class Draft
    {
        public string? Name { get; set; }
        public string? Model { get; set; }
        public Dictionary<string, string> Target { get; set; } = [];
        public List<Ring> Rings { get; set; } = [];
        public SoakDraft Soak { get; set; } = new();
        public GuardrailsDraft Guardrails { get; set; } = new();
        public bool FirstInstallation { get; set; }

        public RolloutPlan Plan() => new()
        {
            Name = Name ?? throw new FormatException("'name' is missing."),
            Model = Model ?? throw new FormatException("'model' is missing: the digest of a registered package."),
            Target = Target,
            Rings = Rings.Count > 0
                ? [.. Rings.Select(ring => new RolloutRing(ring.Name ?? throw new FormatException("A ring has no 'name'."), ring.Count, ring.Percent, ring.Devices?.Select(device => new DeviceId(device)).ToList()))]
                : throw new FormatException("'rings' is missing: at least one ring with a name and a count, percent or devices."),
            Soak = new Soak(Soak.Seconds, Soak.Parts, Soak.TimeoutSeconds),
            Guardrails = new Guardrails
            {
                FalseStopRisk = Guardrails.FalseStopRisk,
                FalsePromotionRisk = Guardrails.FalsePromotionRisk,
                NonInferiorityMargin = Guardrails.NonInferiorityMargin,
                ErrorRate = Guardrails.ErrorRate,
                FailedUpdates = Guardrails.FailedUpdates,
            },
            FirstInstallation = FirstInstallation,
        };
    }

    private sealed class Ring
    {
        public string? Name { get; set; }
        public int? Count { get; set; }
        public double? Percent { get; set; }
        public List<string>? Devices { get; set; }
    }

    // The defaults are those of the contract, written there and nowhere else.
    private sealed class SoakDraft
    {
        public double Seconds { get; set; } = new Soak().Seconds;
        public long Parts { get; set; } = new Soak().Parts;
        public double TimeoutSeconds { get; set; } = new Soak().TimeoutSeconds;
    }

    private sealed class GuardrailsDraft
    {
        public double FalseStopRisk { get; set; } = new Guardrails().FalseStopRisk;
        public double FalsePromotionRisk { get; set; } = new Guardrails().FalsePromotionRisk;
        public double NonInferiorityMargin { get; set; } = new Guardrails().NonInferiorityMargin;
        public double ErrorRate { get; set; } = new Guardrails().ErrorRate;
        public int FailedUpdates { get; set; } = new Guardrails().FailedUpdates;
    }
}
