using CvOps.Contracts.Api;

namespace CvOps.Fleet.Api.Catalog;

internal static class DriftOperations
{
    private static readonly Feature Drift = new("Drift");

    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Drift.List<DriftView>("/drift", "listDrift", "How far each camera is from its reference, with the probable cause.", view => $"{view.Device}/{view.Camera}"),
        Drift.Get<DriftSlice>("/drift/slice", "compareSlice", "Drift of any slice of the fleet against the reference or another slice.") with { Refusals = [422] },
        Drift.Get<DriftDetail>("/drift/{device}/{camera}", "getDrift", "One camera: distributions, timeline and what to do."),
        Drift.Post<DriftAcceptance, DriftDetail>("/drift/{device}/{camera}/accept", "acceptDrift", "What the camera shows from now on becomes its baseline."),
    ];
}
