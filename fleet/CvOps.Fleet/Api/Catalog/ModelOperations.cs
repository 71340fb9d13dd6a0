using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages.Chunks;

namespace CvOps.Fleet.Api.Catalog;

internal static class ModelOperations
{
    private static readonly Feature Models = new("Models");

    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Models.List<ModelView>("/models", "listModels", "Registered model packages.", model => model.Model.Digest),
        Models.Post<ModelView>("/models", "registerModel", "Registers a signed model package (.cvmodel); the body is the file.", ApiOperation.Bytes) with { Status = 201, Refusals = [409] },
        Models.Get<ModelView>("/models/{digest}", "getModel", "One package: its gate, lineage and aliases."),
        Models.Get<ModelAccuracy>("/models/{digest}/accuracy", "getModelAccuracy", "How right a model is in production, by labelled sampled frames, with an interval."),
        Models.List<ModelEvent>("/models/history", "listModelHistory", "Who registered, promoted and revoked which version, why, and on what evidence; newest first.", step => step.Row.ToString(CultureInfo.InvariantCulture)) with { UsualLimit = Paging.Default },
        Models.Post<RevokeModelRequest, ModelView>("/models/{digest}/revoke", "revokeModel", "Takes a version back: no rollout brings it any more, and one that runs is stopped."),
        Models.Get("/models/{digest}/package", "downloadModel", "The package's file, with range requests; devices come with a link's token.", "application/vnd.cvops.model") with { Refusals = [403] },
        Models.Get<ChunkList>("/models/{digest}/chunks", "getModelChunks", "Where the package is cut and the digest of each piece.") with { Refusals = [403] },
        Models.Post<GateRequest, GateResult>("/models/{digest}/gate", "gateModel", "Holds a model against another on the golden set."),
        Models.Get<ModelLineage>("/models/{digest}/lineage", "getModelLineage", "From a model to its run, dataset, parents and children."),
        Models.Page<ModelFramePage>("/models/{digest}/frames", "listModelFrames", "The frames that a model was trained on.", page => page.Next),
        Models.List<AliasView>("/aliases", "listAliases", "Names that point to versions of models.", alias => $"{alias.Name}@{alias.Alias}"),
        Models.Get<AliasView>("/aliases/{name}/{alias}", "getAlias", "Where one name points to, since when and why.") with { Tagged = true },
        Models.Put<AliasRequest, AliasView>("/aliases/{name}/{alias}", "setAlias", "Moves a name to another version, or takes it away.") with { Guards = "/aliases/{name}/{alias}", MayBeEmpty = true },
        Models.List<ProgramView>("/programs", "listPrograms", "Programs of the agent's that the fleet keeps for devices, the newest first.", program => program.Digest),
        Models.Post<ProgramView>("/programs", "addProgram", "Keeps a signed program package (.cvagent); the body is the file.", ApiOperation.Bytes) with { Status = 201, Refusals = [409] },
        Models.Get("/programs/{digest}/package", "downloadProgram", "The package's file, with range requests; devices come with a link's token.", "application/vnd.cvops.agent") with { Refusals = [403] },
        Models.List<ConfigurationView>("/configurations", "listConfigurations", "Settings for devices that plans can name.", configuration => configuration.Digest),
        Models.Get<ConfigurationView>("/configurations/{digest}", "getConfiguration", "One of them with its settings."),
        Models.Post<ConfigurationView>("/configurations", "addConfiguration", "Keeps settings for devices under their digest; the body is YAML.", "application/yaml") with { Refusals = [422], Status = 201 },
    ];
}
