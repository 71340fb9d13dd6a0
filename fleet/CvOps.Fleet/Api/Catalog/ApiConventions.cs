using CvOps.Contracts.Api;
using CvOps.Fleet.Api.Manners;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace CvOps.Fleet.Api.Catalog;

/// <summary>Gives endpoints and document what <see cref="ApiCatalog"/> says of them.</summary>
internal static class ApiConventions
{
    private const string Bearer = "bearer";

    /// <summary>For an endpoint below <c>/api/v1</c>, when everything else is known of it.</summary>
    public static void Describe(EndpointBuilder builder)
    {
        if (builder is not RouteEndpointBuilder { RoutePattern.RawText: { } pattern } || builder.Metadata.OfType<HttpMethodMetadata>().LastOrDefault()?.HttpMethods is not [var method]) return;
        if (ApiCatalog.Find(method, pattern[ApiRoutes.Root.Length..]) is not { } operation) return;
        builder.Metadata.Add(operation);
        builder.Metadata.Add(new EndpointNameMetadata(operation.Id));
        builder.Metadata.Add(new ProducesResponseTypeMetadata(operation.Status, operation.Answer ?? (operation.Status == StatusCodes.Status204NoContent ? typeof(void) : typeof(string)), operation.Status == StatusCodes.Status204NoContent ? [] : [operation.AnswerType]));
        if (operation.MayBeEmpty) builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status204NoContent, typeof(void)));
        if (operation is { Tagged: true, TagBy: null }) builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status304NotModified, typeof(void)));
        foreach (var status in RefusalsOf(operation)) builder.Metadata.Add(new ProducesResponseTypeMetadata(status, typeof(ProblemDetails), ["application/problem+json"]));
    }

    public static void Configure(OpenApiOptions options)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.ShouldInclude = description => description.ActionDescriptor.EndpointMetadata.OfType<ApiOperation>().Any();
        options.AddSchemaTransformer(ApiSchemas.TransformAsync);
        options.AddOperationTransformer(OperationAsync);
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "CvOps fleet", Version = "v1",
                Description = "Everything that the dashboard and cvops do. Errors are problem details (RFC 9457). fleet/API.md has the manners: pages, ETags, idempotency keys, events.",
            };
            // Where it is served is where it is.
            document.Servers = [];
            document.Tags = ApiCatalog.All.Select(operation => operation.Tag).Distinct().Select(tag => new OpenApiTag { Name = tag }).ToHashSet();
            document.Components ??= new OpenApiComponents();
            document.AddComponent<IOpenApiSecurityScheme>(Bearer, new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = Bearer, Description = "An API token." });
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] }];
            return Task.CompletedTask;
        });
    }

    private static int[] RefusalsOf(ApiOperation operation)
    {
        List<int> statuses = [StatusCodes.Status400BadRequest, StatusCodes.Status429TooManyRequests, StatusCodes.Status500InternalServerError];
        if (!operation.Open) statuses.AddRange([StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden]);
        if (operation.Path.Contains('{')) statuses.Add(StatusCodes.Status404NotFound);
        if (operation.BodyTypes.Count > 0) statuses.AddRange([StatusCodes.Status413PayloadTooLarge, StatusCodes.Status422UnprocessableEntity]);
        if (operation.Body is not null) statuses.Add(StatusCodes.Status415UnsupportedMediaType);
        if (operation.Key is not null) statuses.Add(StatusCodes.Status422UnprocessableEntity);
        if (operation.Guards is not null) statuses.Add(StatusCodes.Status412PreconditionFailed);
        if (operation.Method == "POST") statuses.Add(StatusCodes.Status409Conflict);
        return [.. statuses.Concat(operation.Refusals).Distinct().Order()];
    }

    private static async Task OperationAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var ours = context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiOperation>().Last();
        operation.OperationId = ours.Id;
        operation.Summary = ours.Summary;
        operation.Tags = new HashSet<OpenApiTagReference> { new(ours.Tag, context.Document) };
        if (ours.Open) operation.Security = [];
        // Of what the handler reads by itself nobody else knows.
        if (operation.RequestBody is null && ours.BodyTypes.Count > 0)
        {
            var schema = ours.Body is { } body ? await ReferenceAsync(context, body, cancel) : new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" };
            operation.RequestBody = new OpenApiRequestBody { Required = true, Content = ours.BodyTypes.ToDictionary(type => type, _ => new OpenApiMediaType { Schema = schema }) };
        }
        foreach (var (name, says) in ours.Query) Add(name, ParameterLocation.Query, JsonSchemaType.String, says);
        if (ours.Key is not null) Add(ours.Cursor, ParameterLocation.Query, JsonSchemaType.String, "What the page begins after: take it from the Link header.");
        if (ours.IsList) Add("limit", ParameterLocation.Query, JsonSchemaType.Integer, $"Entries at most, 1 to {Paging.Most}.");
        if (ours.Method == "POST") Add(Idempotency.Header, ParameterLocation.Header, JsonSchemaType.String, "The request is done once in 24 hours under this key.");
        if (ours.Guards is not null) Add("If-Match", ParameterLocation.Header, JsonSchemaType.String, $"ETag of GET {ours.Guards}: it is done only while that is still the same.");
        if (ours.Id == "streamEvents") Add("Last-Event-ID", ParameterLocation.Header, JsonSchemaType.String, "Goes on behind this event.");

        void Add(string name, ParameterLocation where, JsonSchemaType type, string says)
        {
            operation.Parameters ??= [];
            if (operation.Parameters.Any(known => known.Name == name)) return;
            operation.Parameters.Add(new OpenApiParameter { Name = name, In = where, Description = says, Schema = new OpenApiSchema { Type = type } });
        }
    }

    private static async Task<IOpenApiSchema> ReferenceAsync(OpenApiOperationTransformerContext context, Type record, CancellationToken cancel)
    {
        var document = context.Document!;
        document.Components ??= new OpenApiComponents();
        if (document.Components.Schemas?.ContainsKey(record.Name) != true) document.AddComponent(record.Name, await context.GetOrCreateSchemaAsync(record, null, cancel));
        return new OpenApiSchemaReference(record.Name, document);
    }
}
