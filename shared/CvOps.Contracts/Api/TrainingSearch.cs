using System.Text.Json;

namespace CvOps.Contracts.Api;

/// <summary>Stored by name.</summary>
public enum TrainingSearchKind { Random, Halving }

/// <summary>Hyper-parameter search: runs with drawn parameters, ranked by one metric.</summary>
/// <param name="Metric">A metric that the trainer reports; its last value counts.</param>
/// <param name="Space">What each parameter is drawn from.</param>
/// <param name="Runs">Random: runs in all. Halving: runs of the first round.</param>
public sealed record TrainingSearch(TrainingSearchKind Kind, string Metric, IReadOnlyDictionary<string, SearchDimension> Space, int Runs = 10)
{
    public bool Minimise { get; set; }

    /// <summary>Halving: the parameter that grows from round to round, such as <c>epochs</c>.</summary>
    public string? Resource { get; set; }

    /// <summary>Halving: the resource of the first round and of the last.</summary>
    public double Least { get; set; } = 1;

    public double Most { get; set; } = 27;

    /// <summary>Halving: one in so many goes on to the next round, with so many times the resource.</summary>
    public int Factor { get; set; } = 3;
}

/// <summary>Either <see cref="Values"/> or a range.</summary>
public sealed record SearchDimension
{
    public IReadOnlyList<JsonElement>? Values { get; set; }

    public double? Low { get; set; }

    public double? High { get; set; }

    /// <summary>Drawn evenly between the logarithms of the ends, which have to be above 0.</summary>
    public bool Log { get; set; }

    /// <summary>Rounded to whole numbers.</summary>
    public bool Whole { get; set; }
}

/// <summary>One run of a search.</summary>
/// <param name="Score">Value of the search's metric; null until it is known, and when the run failed.</param>
/// <param name="Round">Of successive halving, from 0.</param>
public sealed record TrainingTrial(string Run, IReadOnlyDictionary<string, JsonElement> Parameters, TrainingState State, double? Score, int Round);

/// <summary>Why a run is cancelled, for the audit log.</summary>
public sealed record TrainingCancellation(string By, string Reason);
