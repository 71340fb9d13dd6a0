using CvOps.Contracts.Api;

namespace CvOps.Fleet.Api.Catalog;

internal static class DatasetOperations
{
    private static readonly Feature Datasets = new("Datasets");

    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Datasets.List<DatasetView>("/datasets", "listDatasets", "Snapshots of labelled frames.", dataset => dataset.Digest),
        Datasets.Post<SnapshotRequest, DatasetView>("/datasets", "freezeDataset", "Freezes labels as a snapshot; with stream=true the answer is lines of progress.") with { Status = 201 },
        Datasets.Page<DatasetDetail>("/datasets/{digest}", "getDataset", "One snapshot and a page of its entries.", page => page.Next),
        Datasets.Page<DatasetDiff>("/datasets/{from}/diff/{to}", "diffDatasets", "What two snapshots differ in, frame by frame.", page => page.Next),
        Datasets.Get("/datasets/{digest}/export", "exportDataset", "A snapshot in another tool's format: a zip, or its one file without images.", "application/zip") with { Refusals = [422] },
        Datasets.Get<ExportCheck>("/datasets/{digest}/export/check", "checkExport", "How much that is, and what the format has no room for.") with { Refusals = [422] },
        Datasets.Get<FrameLineage>("/lineage", "getFrameLineage", "From a frame, picture or part to snapshots, runs and models.") with { Refusals = [404, 422] },
        Datasets.Get<QualityReport>("/quality", "getQuality", "What the last check of all frames, or of a snapshot, found.") with { Refusals = [404] },
        Datasets.Post<QualityLine>("/quality/check", "checkQuality", "Checks all frames, or a snapshot; the last line has the report.") with { AnswerType = ApiOperation.Lines, Refusals = [404] },
        Datasets.Page<FindingPage>("/quality/findings", "listFindings", "Findings of the last check, the weightiest first.", page => page.Next) with { Refusals = [422] },
        Datasets.Put<QualityDecision, QualityFinding>("/quality/findings/{id}", "decideFinding", "Accepts a finding, or opens it again."),
    ];
}
