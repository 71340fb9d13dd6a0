using System.IO.Compression;
using System.Text;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Datasets.Formats;

/// <summary>Files as other programs write them, not as ours do.</summary>
public sealed class OtherProgramsTests
{
    [Fact]
    public void Label_studio_exports_with_uploads_several_annotators_turned_boxes_and_predictions()
    {
        const string json = """
            [{"id":5,"data":{"image":"/data/upload/3/0a1b2c3d-part%201.jpg"},"file_upload":"0a1b2c3d-part 1.jpg","annotations":[
               {"id":1,"was_cancelled":true,"updated_at":"2026-11-03T00:00:00Z","result":[{"type":"choices","from_name":"c","to_name":"image","value":{"choices":["cancelled"]}}]},
               {"id":3,"updated_at":"2026-11-02T00:00:00Z","result":[
                  {"id":"x","type":"rectanglelabels","from_name":"label","to_name":"image","original_width":200,"original_height":100,"value":{"x":10,"y":20,"width":30,"height":40,"rotation":0,"rectanglelabels":["dent"]}},
                  {"id":"y","type":"rectanglelabels","from_name":"label","to_name":"image","original_width":200,"original_height":100,"value":{"x":50,"y":50,"width":10,"height":10,"rotation":90,"rectanglelabels":["dent"]}},
                  {"id":"z","type":"brushlabels","value":{"format":"rle","rle":[1,2],"brushlabels":["dent"]}},
                  {"id":"v","type":"choices","from_name":"verdict","to_name":"image","value":{"choices":["NG"]}}]},
               {"id":2,"updated_at":"2026-11-01T00:00:00Z","result":[]}],
              "predictions":[{"model_version":"v1","score":0.8,"result":[{"type":"rectanglelabels","value":{"x":1,"y":1,"width":1,"height":1,"rectanglelabels":["dent"]},"score":0.7}]}]},
             {"id":6,"data":{"img":"s3://bucket/folder/b.jpg"},"annotations":[]}]
            """;
        var (images, findings) = Read(DatasetFormat.LabelStudio, json, name => name is "part 1.jpg" ? (200, 100) : null);
        Assert.Equal(0, findings.Errors);
        Assert.Equal(3, findings.Warnings);
        var first = images[0];
        Assert.Equal(("part 1.jpg", PartVerdict.Ng, null), (first.Name, first.Verdict, first.Class));
        Assert.Equal(new LabelBox("dent", 20, 20, 60, 40), Assert.Single(first.Boxes));
        // A quarter turn about (100, 50): the side of 20 that went right goes down.
        Assert.Equal([100, 50, 100, 70, 90, 70, 90, 50], Assert.Single(first.Polygons!).Points.Select(number => Math.Round(number)));
        Assert.Equal(("dent", 0.8, 0.7), (first.Prediction!.Class, first.Prediction.Confidence, first.Prediction.Detections[0].Score));
        Assert.False(images[1].IsLabelled);
    }

    [Fact]
    public void Cvat_exports_with_turned_boxes_ellipses_and_labels_that_meta_does_not_name()
    {
        const string xml = """
            <?xml version="1.0" encoding="utf-8"?>
            <annotations><version>1.1</version>
              <meta><task><id>1</id><labels><label><name>dent</name><color>#fff</color><type>any</type><attributes><attribute><name>deep</name></attribute></attributes></label></labels></task></meta>
              <image id="0" name="sub/a.jpg" width="100" height="100">
                <box label="dent" source="manual" occluded="0" xtl="10.00" ytl="10.00" xbr="30.00" ybr="20.00" rotation="90.00" z_order="0"><attribute name="deep">yes</attribute></box>
                <box label="dent" xtl="1.50" ytl="2.50" xbr="3.50" ybr="5.50"/>
                <ellipse label="dent" cx="5" cy="5" rx="2" ry="2"/>
                <polygon label="dent" points="1.00,1.00;9.00,1.00;9.00,8.50"></polygon>
                <tag label="dent"/>
              </image>
              <image id="1" name="b.jpg" width="100" height="100"/>
              <image id="1" name="c.jpg" width="100" height="100"><box label="chip" xtl="1" ytl="1" xbr="2" ybr="2"/></image>
            </annotations>
            """;
        var (images, findings) = Read(DatasetFormat.Cvat, xml, _ => null);
        Assert.Equal(["Two images have the id 1.", "There is no label 'chip' in the file's 'meta'."], findings.List.Where(finding => finding.Level == FindingLevel.Error).Select(finding => finding.What));
        Assert.Equal("labels.xml, line 12", findings.List[^1].Where);
        Assert.Equal((3, 1), (images.Count, findings.Warnings));
        Assert.Equal(("sub/a.jpg", "dent"), (images[0].Name, images[0].Class));
        Assert.Equal(new LabelBox("dent", 1.5, 2.5, 2, 3), Assert.Single(images[0].Boxes));
        Assert.Equal([25, 5, 25, 25, 15, 25, 15, 5], images[0].Polygons![0].Points.Select(number => Math.Round(number)));
        Assert.Equal([1, 1, 9, 1, 9, 8.5], images[0].Polygons![1].Points);
    }

    [Fact]
    public void Cvat_for_video_says_what_to_export_instead()
    {
        var (_, findings) = Read(DatasetFormat.Cvat, "<annotations><version>1.1</version><track id=\"0\" label=\"dent\"/></annotations>", _ => null);
        Assert.Contains("CVAT for images", Assert.Single(findings.List).Do, StringComparison.Ordinal);
    }

    [Fact]
    public void Voc_without_a_name_for_an_object_or_with_an_entity_that_unfolds_is_refused()
    {
        const string bomb = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><annotation><filename>&y;</filename></annotation>""";
        Assert.Contains("no XML", Assert.Single(Read(DatasetFormat.Voc, bomb, _ => null).Findings.List).What, StringComparison.Ordinal);
        var (images, findings) = Read(DatasetFormat.Voc, """
            <annotation><folder>x</folder><filename>a</filename><size><width>10</width><height>20</height></size>
              <object><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object>
              <object><name>dent</name><difficult>1</difficult><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>5</xmax><ymax>7</ymax></bndbox></object>
            </annotation>
            """, _ => null);
        Assert.Equal((1, 1), (findings.Errors, findings.Warnings));
        Assert.Equal("labels.xml, line 2", findings.List[0].Where);
        Assert.Equal(new LabelBox("dent", 1, 2, 4, 5), Assert.Single(Assert.Single(images).Boxes));
    }

    [Fact]
    public void Csv_of_other_programs_by_the_names_of_its_columns()
    {
        var (images, findings) = Read(DatasetFormat.Csv, "filename;width;height;class;xmin;ymin;xmax;ymax\r\na.jpg;100;50;dent;1;2;5;7\r\na.jpg;100;50;\"ch;\"\"ip\";0;0;10;10\r\nb.jpg;100;50;;;;;\r\n", _ => null);
        Assert.Empty(findings.List);
        Assert.Equal([new LabelBox("dent", 1, 2, 4, 5), new LabelBox("ch;\"ip", 0, 0, 10, 10)], images[0].Boxes);
        Assert.True(images[1] is { Boxes.Count: 0, IsLabelled: true });

        (images, _) = Read(DatasetFormat.Csv, "file,class,split\nimages/a.jpg,dent,golden\nb.jpg,,train\n", _ => null);
        Assert.Equal((("dent", FrameUse.Golden), (null, false)), ((images[0].Class, images[0].Use), (images[1].Class, images[1].IsLabelled)));

        Assert.Contains("is not closed", Assert.Single(Read(DatasetFormat.Csv, "file,class\na.jpg,\"de\nnt\n", _ => null).Findings.List).What, StringComparison.Ordinal);
        Assert.Contains("names no 'file'", Assert.Single(Read(DatasetFormat.Csv, "a,b\n1,2\n", _ => null).Findings.List).What, StringComparison.Ordinal);
        var bad = Read(DatasetFormat.Csv, "file,label,xmin,ymin,xmax,ymax\na.jpg,dent,5,5,5,9\n", _ => null).Findings;
        Assert.Equal("labels.csv, line 2", Assert.Single(bad.List).Where);
    }

    [Fact]
    public void Coco_with_masks_crowds_keypoints_and_objects_before_their_images()
    {
        var (images, findings) = Read(DatasetFormat.Coco, """
            {"info":{"x":[1,{"y":2}]},"annotations":[
              {"id":1,"image_id":2,"category_id":1,"bbox":[1,1,2,2],"iscrowd":1,"segmentation":{"counts":[1,2,3],"size":[9,9]}},
              {"id":2,"image_id":2,"category_id":1,"bbox":[1,1,2,2],"iscrowd":0,"segmentation":{"counts":"abc","size":[9,9]}},
              {"id":3,"image_id":1,"category_id":1,"bbox":[1,1,2,2],"keypoints":[1,1,2],"num_keypoints":1},
              {"id":4,"image_id":2,"category_id":1,"bbox":[0,0,9,9],"segmentation":[[0,0,9,0,9,9],[1,1,2,1,2,2]]}],
             "images":[{"id":1,"file_name":"a.jpg","width":9,"height":9,"date_captured":"2013-11-14 17:02:52","license":3},{"id":2,"file_name":"b.jpg","width":9,"height":9}],
             "categories":[{"id":1,"name":"dent","supercategory":"x","skeleton":[[1,2]]}]}
            """, _ => null);
        Assert.Equal((0, 4), (findings.Errors, findings.Warnings));
        Assert.Equal((1, null), (images[0].Boxes.Count, images[0].Polygons));
        Assert.Equal(new DateTimeOffset(2013, 11, 14, 17, 2, 52, TimeSpan.Zero), images[0].CapturedAt);
        Assert.Equal((1, 2), (images[1].Boxes.Count, images[1].Polygons!.Count));
    }

    [Fact]
    public void Yolo_in_both_layouts_with_names_as_a_list_or_by_number()
    {
        using var folder = new TestFolder();
        foreach (var (yaml, label, image) in new[]
        {
            ("train: ../train/images\nnc: 2\nnames: ['dent', \"chip\"]\n", "set/train/labels/a.txt", "set/train/images/a.jpg"),
            ("path: x\nnames:\n  1: chip\n  0: dent\n", "set/labels/train/a.txt", "set/images/train/a.jpg"),
        })
        {
            var path = folder[Guid.NewGuid().ToString("N")];
            using (var zip = ZipFile.Open(path, ZipArchiveMode.Create))
            {
                Write(zip, "set/data.yaml", yaml);
                Write(zip, label, "1 0.5 0.5 0.2 0.4\n\n0 0.1 0.1 0.9 0.1 0.9 0.8 0.3 0.7\r\n");
            }
            var (images, findings) = Sets.Read(DatasetFormat.Yolo, path, folder.Path, name => name == image ? (100, 50) : null);
            Assert.Empty(findings.List);
            Assert.Equal(new LabelBox("chip", 40, 15, 20, 20), Assert.Single(Assert.Single(images).Boxes));
            Assert.Equal([10, 5, 90, 5, 90, 40, 30, 35], Assert.Single(images[0].Polygons!).Points.Select(number => Math.Round(number, 9)));
        }
    }

    private static void Write(ZipArchive zip, string name, string text)
    {
        using var writer = new StreamWriter(zip.CreateEntry(name).Open());
        writer.Write(text);
    }

    private static (List<LabelledImage> Images, Findings Findings) Read(DatasetFormat format, string text, Func<string, (int, int)?> sizeOf)
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["upload"], text, Encoding.UTF8);
        return Sets.Read(format, folder["upload"], folder.Path, sizeOf);
    }
}
