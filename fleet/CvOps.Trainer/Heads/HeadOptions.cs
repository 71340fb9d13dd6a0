using System.Globalization;

namespace CvOps.Trainer.Heads;

/// <summary>What <c>cvops-trainer head</c> was asked for.</summary>
internal sealed record HeadOptions
{
    public required string Dataset { get; init; }

    public required string Parent { get; init; }

    public required string Folder { get; init; }

    public double L2 { get; init; } = 1e-3;

    public int Seed { get; init; } = 1;

    public bool Balanced { get; init; }

    /// <summary>Hidden units of a small network in place of the logistic head; 0 for none.</summary>
    public int Hidden { get; init; }

    /// <summary>Steps of the optimiser at most.</summary>
    public int MaxSteps { get; init; } = 2000;

    /// <summary>Classes of the new head: null for the parent's, empty for those of the dataset in alphabetical order.</summary>
    public IReadOnlyList<string>? Classes { get; init; }

    /// <summary>Folder where the run keeps what another attempt can go on from; null: nowhere.</summary>
    public string? Checkpoints { get; init; }

    /// <summary>Go on from the checkpoint there.</summary>
    public bool Resume { get; init; }

    /// <summary>Version in the new manifest; null keeps the parent's.</summary>
    public string? Version { get; init; }

    /// <summary>Label mistakes on purpose: true class to wrong class. Empty in earnest.</summary>
    public IReadOnlyDictionary<string, string> Relabel { get; init; } = new Dictionary<string, string>();

    /// <summary>Factor on the fitted logits; 1 in earnest.</summary>
    public double Sharpen { get; init; } = 1;

    public int Threads { get; init; } = 1;

    /// <exception cref="TrainerException">An option is out of its range.</exception>
    public void Check()
    {
        if (!(L2 >= 0 && double.IsFinite(L2))) throw new TrainerException($"--l2 is {L2.ToString(CultureInfo.InvariantCulture)}; it must be at least 0.");
        if (!(Sharpen > 0 && double.IsFinite(Sharpen))) throw new TrainerException($"--sharpen is {Sharpen.ToString(CultureInfo.InvariantCulture)}; it must be above 0.");
        if (Hidden is < 0 or > 4096) throw new TrainerException($"hidden is {Hidden}; it must be 0 to 4096.");
        if (MaxSteps is < 1 or > 1_000_000) throw new TrainerException($"steps is {MaxSteps}; it must be 1 to 1,000,000.");
        if (Classes is { Count: > 0 } && Classes.Distinct(StringComparer.Ordinal).Count() != Classes.Count) throw new TrainerException("classes names a class twice.");
        if (Threads is < 1 or > 256) throw new TrainerException($"--threads is {Threads}; it must be 1 to 256.");
    }

    /// <exception cref="TrainerException">Not of the form a=b,c=d.</exception>
    public static IReadOnlyDictionary<string, string> ParseRelabel(string? text)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var sides = pair.Split('=');
            if (sides.Length != 2 || sides[0].Length == 0 || sides[1].Length == 0 || !map.TryAdd(sides[0], sides[1]))
                throw new TrainerException($"--relabel '{text}' must be a list such as scratch=ok,stain=ok that names each class once.");
        }

        return map;
    }
}
