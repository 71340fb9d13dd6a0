using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Contracts.Api;

public enum DriftState { Learning, Stable, Watch, Alarm }

/// <summary>One camera under one model.</summary>
/// <param name="Cause">Probable cause in the field's words, e.g. <c>ageing-lamp</c>; null while stable.</param>
/// <param name="Explanation">What moved, by how much, since when, and what to do.</param>
/// <param name="Covariates">The evidence, what moved and what did not.</param>
/// <param name="Route">Whose work the cause is: cleaning, maintenance, labelling or rollback; null while stable.</param>
public sealed record DriftView(
    DeviceId Device, CameraId Camera, ModelRef Model, DriftState State, string? Cause, string Explanation,
    IReadOnlyList<CovariateDrift> Covariates, DateTimeOffset Since, long Frames, string? Route = null);

/// <summary>Says that what a camera shows now is how it shall be: its baseline is learned anew.</summary>
/// <param name="By">Who says so; for the audit log.</param>
/// <param name="Reason">Why, in their words; for the audit log.</param>
public sealed record DriftAcceptance(string By, string? Reason = null);

/// <param name="Psi">Population stability index against the reference: the package's profile, or the camera's own baseline where it has one.</param>
/// <param name="PValue">Of that PSI under no drift, chi-square approximation.</param>
/// <param name="Mean">Mean in the recent windows.</param>
/// <param name="Moved">It is certain that it changed, and the change matters.</param>
/// <param name="Evidence">That it changed, however often one looked, as log10 of years: a camera where nothing changes comes this far less than once in 10^Evidence years. Null where it was not watched yet.</param>
/// <param name="EvidenceLimit">From where on it is certain, log10 of years: the fleet's cameras times the covariates over the false alarms that are allowed a year.</param>
/// <param name="Since">When the change began, as the evidence has it; null while there is next to none.</param>
public sealed record CovariateDrift(
    string Covariate, double Psi, double PValue, double JensenShannon, double Mean, double ReferenceMean, bool Moved,
    double? Evidence = null, double? EvidenceLimit = null, DateTimeOffset? Since = null);

public sealed record DriftDetail(
    DriftView View, IReadOnlyDictionary<string, ReferenceHistogram> Reference, IReadOnlyDictionary<string, HistogramCounts> Recent, IReadOnlyList<DriftTimelinePoint> Timeline);

public sealed record DriftTimelinePoint(DateTimeOffset To, long Frames, IReadOnlyDictionary<string, double> Psi, IReadOnlyDictionary<string, double> Mean, DriftState State);

/// <summary>How a slice of the fleet sees the world now, beside what its models were made for or beside another slice.</summary>
/// <param name="Selector">The slice, as it was asked for.</param>
/// <param name="Against">What it is compared with: <c>reference</c>, the profile of each model's package, or a selector.</param>
/// <param name="Devices">Devices that the selector selects.</param>
/// <param name="Counted">Those of them whose histograms were added up.</param>
/// <param name="Notes">What was left out, and what cannot be told.</param>
public sealed record DriftSlice(string Selector, string Against, int Devices, int Counted, IReadOnlyList<SliceCovariate> Covariates, IReadOnlyList<string> Notes);

/// <summary>One covariate under one model. Counts over different edges, or under different models, are never added up: each has a line of its own.</summary>
/// <param name="Model">Digest of the package.</param>
/// <param name="EdgesId">As in <see cref="HistogramCounts"/>.</param>
/// <param name="Frames">Counts of the slice, the newest of each device weighing most.</param>
/// <param name="ReferenceFrames">Counts it is compared with.</param>
/// <param name="Psi">Population stability index; grows with every bin one side never filled, so compare it between slices of the same covariate.</param>
/// <param name="JensenShannon">Distance, 0..1.</param>
/// <param name="KolmogorovSmirnov">Largest difference of the cumulated shares, 0..1.</param>
/// <param name="Wasserstein1">Earth mover's distance, in bins.</param>
public sealed record SliceCovariate(
    string Covariate, string Model, string EdgesId, int Devices, long Frames, long ReferenceFrames, double Psi, double JensenShannon, double KolmogorovSmirnov, double Wasserstein1);
