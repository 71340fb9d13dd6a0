using System.Text.Json.Nodes;
using CvOps.Contracts;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace CvOps.Fleet.Api.Catalog;

/// <summary>What JSON has of types that write themselves.</summary>
internal static class ApiSchemas
{
    private static readonly Type[] Identifiers = [typeof(DeviceId), typeof(SiteId), typeof(CameraId)];

    public static Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancel)
    {
        var type = context.JsonTypeInfo.Type;
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (Identifiers.Contains(plain))
        {
            schema.Type = JsonSchemaType.String | (plain == type ? 0 : JsonSchemaType.Null);
            schema.Properties = null;
            schema.Required = null;
            schema.Pattern = CvOps.Contracts.Schemas.WireAttribute.Name;
        }
        else if (plain == typeof(TimeSpan))
        {
            schema.Pattern = null;
            schema.Description ??= "Days.hours:minutes:seconds, such as 00:05:00.";
            schema.Examples ??= [JsonValue.Create("00:05:00")!];
        }
        return Task.CompletedTask;
    }
}
