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
