using CvOps.Contracts.Api;
using CvOps.Fleet.Frames.Search;

namespace CvOps.Fleet.Api.Catalog;

internal static class FrameOperations
{
    private static readonly Feature Frames = new("Frames and labels");

    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Frames.Page<FramePage>("/frames", "listFrames", "Frames by any field: those that wait by value, else newest first.", page => page.Next) with { Query = [.. FrameQueryText.Names.Select(name => (name, $"Only frames with this {name}; LABELS.md has the forms."))], Refusals = [422] },
        Frames.Post<FrameImport, FrameView>("/frames", "importFrame", "Takes a picture in as a frame."),
        Frames.Get<FrameView>("/frames/{id}", "getFrame", "One frame: prediction, label and where it is from.") with { Tagged = true },
        Frames.Get("/frames/{id}/image", "getFrameImage", "The frame's picture.", "image/jpeg"),
        Frames.Put<LabelRequest, FrameView>("/frames/{id}/label", "labelFrame", "Labels a frame.") with { Guards = "/frames/{id}", Refusals = [409] },
        Frames.Get<FrameLabels>("/frames/{id}/labels", "getFrameLabels", "What each annotator says of a frame, and every label that was ever given."),
        Frames.Get<SimilarFramesView>("/frames/{id}/similar", "findSimilarFrames", "The frames most like one."),
        Frames.Post<VideoLine>("/frames/video", "importVideo", "Turns a video into frames, all of it or nothing; the last line has the report.", "video/*", ApiOperation.Bytes) with { AnswerType = ApiOperation.Lines, Refusals = [422] },
        Frames.Post<ImportLine>("/frames/import", "importDataset", "Takes frames and labels of another tool's format in, all or nothing; the last line has the report.", ApiOperation.Bytes) with { AnswerType = ApiOperation.Lines, Refusals = [422] },
        Frames.Post<SynthesisRequest, DatasetLine>("/frames/synthesize", "synthesizeFrames", "Makes frames of others, marked with their origin; the last line has the result.") with { AnswerType = ApiOperation.Lines },
        Frames.Page<LabelDisputePage>("/labels/disputes", "listDisputes", "Frames on which annotators disagree.", page => page.Next),
        Frames.Get<LabelAgreement>("/labels/agreement", "getAgreement", "How far annotators agree."),
        Frames.Get<LabelPolicy>("/labels/policy", "getLabelPolicy", "How many annotators a frame needs.") with { Tagged = true },
        Frames.Put<LabelPolicyRequest, LabelPolicy>("/labels/policy", "setLabelPolicy", "Says how many annotators a frame needs.") with { Guards = "/labels/policy" },
        Frames.Get<RetentionView>("/retention", "getRetention", "How long the fleet keeps what, and what it took away last.") with { Tagged = true, TagBy = view => ((RetentionView)view).Policy },
        Frames.Put<RetentionRequest, RetentionView>("/retention", "setRetention", "Says how long the fleet keeps what; it looks every hour.") with { Guards = "/retention" },
        Frames.Post<RetentionRunRequest, RetentionRun>("/retention/run", "runRetention", "Takes away now what the policy lets go, or only counts it."),
        Frames.List<ErasureView>("/erasures", "listErasures", "What was erased for good, when, by whom and why, newest first.", erasure => erasure.Id!),
        Frames.Post<ErasureRequest, ErasureView>("/erasures", "eraseFrames", "Finds a frame, a picture or a part's frames everywhere and erases them, or only says where they are."),
    ];
}
